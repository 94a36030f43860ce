use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote_spanned;

use super::Expansion;
use crate::retry::Retry;

impl Expansion<'_> {
    pub(super) fn retry(&self, index: usize, retry: &Retry, local: &Ident, block: &TokenStream) -> TokenStream {
        let runtime = &self.runtime_at;
        let mixed = Span::mixed_site();
        let inner = self.bound(index + 1, block);
        let clones = (!retry.clone.is_empty()).then_some(&self.captures.clones);
        let error = self.error();
        let below = self.layers[index + 1..].iter().filter(|below| below.is_circuit()).map(|below| &below.local);
        let below = quote_spanned!(mixed=> &[#(#below.breaker()),*]);
        let next = match &retry.retry_if {
            Some(retry_if) => quote_spanned!(self.at=> #local.next_if(outcome, #error, #below, #retry_if)),
            None => quote_spanned!(self.at=> #local.next(outcome, #error, #below)),
        };
        let state = self.state(retry, local);
        quote_spanned! {mixed=>
            #state
            loop {
                let delay = {
                    #clones
                    #inner
                    match #next {
                        ::core::ops::ControlFlow::Continue(delay) => delay,
                        ::core::ops::ControlFlow::Break(outcome) => break outcome,
                    }
                };
                if !delay.is_zero() {
                    #runtime::__private::sleep(delay).await;
                }
            }
        }
    }

    /// The state of a retry, made anew whenever its loop begins.
    fn state(&self, retry: &Retry, local: &Ident) -> TokenStream {
        let runtime = self.runtime;
        let func = self.func.to_string();
        let func = func.trim_start_matches("r#");
        let max = Literal::u32_unsuffixed(retry.max);
        let delay = self.duration(retry.delay);
        let backoff = Literal::f64_unsuffixed(retry.backoff);
        quote_spanned! {Span::mixed_site()=>
            let mut #local = #runtime::__private::Retry::new(
                const { &#runtime::__private::Plan::new(#func, #max, #delay, #backoff) }
            );
        }
    }
}
