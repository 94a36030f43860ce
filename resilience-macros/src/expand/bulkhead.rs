use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;

use super::rejection::By;
use super::{Expansion, Named};
use crate::bulkhead::{Bulkhead, Slots};
use crate::stack::Layer;

impl Expansion<'_> {
    pub(super) fn bulkhead_site(&self, bulkhead: &Bulkhead, local: &Ident) -> TokenStream {
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

    pub(super) fn bulkhead(
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
