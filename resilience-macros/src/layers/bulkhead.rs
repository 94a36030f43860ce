use std::time::Duration;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;
use syn::Path;

use crate::emit::Expansion;
use crate::emit::exit::By;
use crate::emit::named::Named;
use crate::error::Errors;
use crate::parse::args::Args;
use crate::parse::value as args;
use crate::pipeline::Layer;

/// What one `#[bulkhead(..)]` says.
pub(crate) struct Bulkhead {
    pub(crate) slots: Slots,
    pub(crate) error: Option<TokenStream>,
}

pub(crate) enum Slots {
    /// Those of this function.
    Own { max: u32, wait: Duration },
    /// Those of a bulkhead that the user holds.
    With(TokenStream),
}

const OPTIONS: [&str; 5] = ["max", "wait", "with", "error", "crate"];

impl Bulkhead {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse(span, tokens, &OPTIONS, errors);
        if args.key("with").is_some() {
            args.refuse(&["max", "wait"], "does not go with `with`: the bulkhead that you hold has its own", errors);
        } else {
            args.require("max", "`#[bulkhead]` needs a limit: write `#[bulkhead(max = ..)]`", errors);
        }
        let max = args.read("max", errors, args::count);
        let wait = args.read("wait", errors, args::duration).unwrap_or(Duration::ZERO);
        let with = args.read("with", errors, args::expression);
        let slots = with.map(Slots::With).or(max.map(|max| Slots::Own { max, wait }));
        let error = args.read("error", errors, args::function);
        (slots.map(|slots| Self { slots, error }), args.read("crate", errors, args::path))
    }
}

impl Expansion<'_> {
    pub(crate) fn bulkhead_site(&self, bulkhead: &Bulkhead, local: &Ident) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        match &bulkhead.slots {
            Slots::With(with) => {
                let held = self.held(&quote_spanned!(mixed=> held_bulkhead), with);
                quote_spanned!(mixed=> let #local = &#held;)
            }
            Slots::Own { max, wait } => {
                let (func, max, wait) = (self.func(), Literal::u32_unsuffixed(*max), self.duration(*wait));
                // In a block of its own: an item is not hygienic, and must not hide one of the user's.
                quote_spanned! {mixed=>
                    let #local = {
                        static BULKHEAD: #runtime::__private::LazyLock<#runtime::__private::Bulkhead> =
                            #runtime::__private::LazyLock::new(|| {
                                #runtime::__private::declared_bulkhead(#func, #max, #wait)
                            });
                        &*BULKHEAD
                    };
                }
            }
        }
    }

    pub(crate) fn bulkhead(
        &self,
        index: usize,
        bulkhead: &Bulkhead,
        local: &Ident,
        block: &TokenStream,
    ) -> TokenStream {
        let mixed = Span::mixed_site();
        let slot = if bulkhead.waits() {
            self.wait(index, mixed, quote_spanned!(mixed=> #local.acquire()))
        } else {
            quote_spanned!(mixed=> #local.try_acquire())
        };
        let rejected = self.rejected(&Ident::new("full", mixed), bulkhead.error.as_ref());
        let leave = self.leave(index, By::Limit, &rejected);
        let slot = quote_spanned! {mixed=>
            match #slot {
                ::core::result::Result::Ok(slot) => slot,
                ::core::result::Result::Err(full) => #leave
            }
        };
        let waits = |named: &Named<'_>| matches!(named.layer, Layer::Bulkhead(above) if above.waits());
        if self.repeats || !bulkhead.waits() || self.layers[..index].iter().any(waits) {
            let inner = self.bound(index + 1, block);
            return quote_spanned!(mixed=> let _slot = #slot; #inner);
        }
        // The block takes the arguments along: made after a wait, it would be a second place for them in the future.
        let inner = self.bound(index + 1, &quote_spanned!(mixed=> body.as_mut()));
        quote_spanned! {mixed=>
            let _slot;
            let mut body = ::core::pin::pin!(#block);
            _slot = #slot;
            #inner
        }
    }
}

impl Bulkhead {
    fn waits(&self) -> bool {
        !matches!(self.slots, Slots::Own { wait, .. } if wait.is_zero())
    }
}
