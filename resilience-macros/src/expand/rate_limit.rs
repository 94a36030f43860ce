use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;

use super::Expansion;
use super::rejection::By;
use crate::rate_limit::{Rate, RateLimit};

impl Expansion<'_> {
    pub(super) fn rate_limit_site(&self, limit: &RateLimit, local: &Ident) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        match &limit.rate {
            Rate::With(with) => {
                let held = self.held(&quote_spanned!(mixed=> held_rate_limit), with);
                quote_spanned!(mixed=> let #local = &#held;)
            }
            Rate::Own { per_second, burst } => {
                let [per_second, burst] = [*per_second, *burst].map(Literal::u32_unsuffixed);
                let func = self.func();
                // In a block of its own: an item is not hygienic, and must not hide one of the user's.
                quote_spanned! {mixed=>
                    let #local = {
                        static RATE_LIMIT: #runtime::__private::LazyLock<#runtime::__private::RateLimit> =
                            #runtime::__private::LazyLock::new(|| {
                                #runtime::__private::declared_rate_limit(#func, #per_second, #burst)
                            });
                        &*RATE_LIMIT
                    };
                }
            }
        }
    }

    pub(super) fn rate_limit(
        &self,
        index: usize,
        limit: &RateLimit,
        local: &Ident,
        block: &TokenStream,
    ) -> TokenStream {
        let mixed = Span::mixed_site();
        let rejected = self.rejected(&Ident::new("limited", mixed), limit.error.as_ref());
        let leave = self.leave(index, By::Limit, &rejected);
        let inner = self.bound(index + 1, block);
        quote_spanned! {mixed=>
            match #local.try_acquire() {
                ::core::result::Result::Ok(()) => {}
                ::core::result::Result::Err(limited) => #leave
            }
            #inner
        }
    }
}
