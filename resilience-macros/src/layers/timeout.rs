//! `#[timeout]` ends a call that takes too long.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;

use super::attribute::{Attribute, Parsed, parsed};
use crate::emit::layer::{Interrupt, Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Facts, Runs, Time};
use crate::parse::args::{Args, options};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "timeout", parse };

options! {
    enum Opt {
        (After) = "timeout",
        Error = "error",
        Crate = "crate",
    }
}

struct Timeout {
    after: Duration,
    /// The span of the duration.
    span: Span,
    error: Option<TokenStream>,
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    let message = "`#[timeout]` needs a duration: write `#[timeout(5)]`, or `#[timeout(\"250ms\")]`";
    args.require(Opt::After, message, errors);
    let after = args.read(Opt::After, errors, |key, value| Ok((value::some_duration(key, value)?, value.span())));
    let error = args.read(Opt::Error, errors, value::function);
    let timeout = after.map(|(after, span)| Timeout { after, span, error });
    parsed(timeout, args.read(Opt::Crate, errors, value::path))
}

impl Layer for Timeout {
    fn facts(&self) -> Facts {
        Facts {
            late: self.error.iter().cloned().collect(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::Once, None, &[], Time::AtMost(self.after))
        }
    }

    /// Output: `let timeout_allowed = within(after); let mut timeout = pin!(..); let outcome = 'timeout: { .. };`
    ///
    /// Each wait below races with the timer, see [`Layer::interrupt`].
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let runtime = place.runtime();
        let (local, label) = (place.local(), place.label());
        let (after, allowed) = (place.duration(self.after), allowed(&local));
        let tail = place.tail(block);
        Statements::Bind(quote_spanned! {Span::mixed_site()=>
            let #allowed = #runtime::__private::within(#after);
            let mut #local = ::core::pin::pin!(#runtime::__private::Timer::new(#allowed));
            let outcome = #label: { #tail };
        })
    }

    /// Ends a wait below. The jump to this layer drops the state of all layers below.
    fn interrupt(&self, place: Place<'_>) -> Option<Interrupt> {
        let runtime = place.runtime();
        let mixed = Span::mixed_site();
        let func = place.func();
        let (local, label) = (place.local(), place.label());
        let after = place.duration(self.after);
        let allowed = allowed(&local);
        let late = place.late();
        let rejected = place.rejected(&Ident::new("error", mixed), self.error.as_ref());
        Some(Interrupt {
            timer: quote_spanned!(mixed=> #local.as_mut()),
            expired: quote_spanned! {mixed=>
                ::core::option::Option::None => {
                    let error = #runtime::__private::timed_out(#func, #allowed, #after);
                    #late
                    let outcome = #rejected;
                    break #label outcome;
                }
            },
        })
    }
}

/// Returns the local with the time that the call may take: the timeout, or the time until the deadline if that is shorter.
fn allowed(local: &Ident) -> Ident {
    format_ident!("{local}_allowed", span = Span::mixed_site())
}
