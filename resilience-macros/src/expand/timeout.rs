use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;

use super::{Expansion, Named};
use crate::timeout::Timeout;

impl Expansion<'_> {
    pub(super) fn timeout(
        &self,
        index: usize,
        timeout: &Timeout,
        named: &Named<'_>,
        block: &TokenStream,
    ) -> TokenStream {
        let runtime = self.runtime;
        let Named { local, .. } = named;
        let label = named.label();
        let after = self.duration(timeout.after);
        let tail = self.tail(index + 1, block);
        quote_spanned! {Span::mixed_site()=>
            let mut #local = ::core::pin::pin!(#runtime::__private::Timer::new(#after));
            let outcome = #label: { #tail };
        }
    }

    /// What becomes of a wait that a timeout has ended: the call leaves this layer, and what it held below is dropped.
    pub(super) fn expired(&self, timeout: &Timeout, named: &Named<'_>) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let func = self.func();
        let label = named.label();
        let after = self.duration(timeout.after);
        let ran = self.ran();
        let rejected = self.rejected(&Ident::new("error", mixed), timeout.error.as_ref());
        quote_spanned! {mixed=>
            ::core::option::Option::None => {
                let error = #runtime::__private::timed_out(#func, #after);
                let outcome = #rejected;
                #ran
                break #label outcome;
            }
        }
    }
}
