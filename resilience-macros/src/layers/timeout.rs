use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::Path;
use syn::spanned::Spanned;

use crate::emit::Expansion;
use crate::emit::named::Named;
use crate::error::Errors;
use crate::parse::args::Args;
use crate::parse::value as args;

/// What one `#[timeout(..)]` says.
pub(crate) struct Timeout {
    pub(crate) after: Duration,
    /// Where that stands.
    pub(crate) span: Span,
    pub(crate) error: Option<TokenStream>,
}

impl Timeout {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse_after(Some("timeout"), span, tokens, &["error", "crate"], errors);
        args.require(
            "timeout",
            "`#[timeout]` needs a duration: write `#[timeout(5)]`, or `#[timeout(\"250ms\")]`",
            errors,
        );
        let after = args.read("timeout", errors, |key, value| Ok((args::some_duration(key, value)?, value.span())));
        let error = args.read("error", errors, args::function);
        (after.map(|(after, span)| Self { after, span, error }), args.read("crate", errors, args::path))
    }
}

impl Expansion<'_> {
    pub(crate) fn timeout(
        &self,
        index: usize,
        timeout: &Timeout,
        named: &Named<'_>,
        block: &TokenStream,
    ) -> TokenStream {
        let runtime = self.runtime;
        let Named { local, .. } = named;
        let label = named.label();
        let (after, allowed) = (self.duration(timeout.after), allowed(local));
        let tail = self.tail(index + 1, block);
        quote_spanned! {Span::mixed_site()=>
            let #allowed = #runtime::__private::within(#after);
            let mut #local = ::core::pin::pin!(#runtime::__private::Timer::new(#allowed));
            let outcome = #label: { #tail };
        }
    }

    /// What becomes of a wait that a timeout has ended: the call leaves this layer, and what it held below is dropped.
    pub(crate) fn expired(&self, timeout: &Timeout, named: &Named<'_>) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let func = self.func();
        let label = named.label();
        let after = self.duration(timeout.after);
        let allowed = allowed(&named.local);
        let late = self.late();
        let rejected = self.rejected(&Ident::new("error", mixed), timeout.error.as_ref());
        quote_spanned! {mixed=>
            ::core::option::Option::None => {
                let error = #runtime::__private::timed_out(#func, #allowed, #after);
                #late
                let outcome = #rejected;
                break #label outcome;
            }
        }
    }
}

/// The local that says how long the call may take, which is less than the timeout where a deadline comes sooner.
fn allowed(local: &Ident) -> Ident {
    format_ident!("{local}_allowed", span = Span::mixed_site())
}
