use proc_macro2::{Ident, Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned;

use crate::emit::Expansion;
use crate::emit::exit::By;
use crate::layers::circuit::{Breaker, Circuit, Judge};

impl Expansion<'_> {
    /// The call site of a circuit, before the first layer, since retries ask those below them.
    pub(crate) fn circuit_site(&self, circuit: &Circuit, local: &Ident) -> TokenStream {
        let runtime = self.runtime;
        let (name, key, settings) = match &circuit.breaker {
            Breaker::Named { name, key, settings } => (name, key, settings),
            Breaker::With(breaker) => {
                let held = self.held(&quote_spanned!(Span::mixed_site()=> Held::new), breaker);
                return quote_spanned!(Span::mixed_site()=> let #local = #held;);
            }
        };
        let options = self.settings(settings);
        // In a block of its own: an item is not hygienic, and must not hide one of the user's.
        if let Some(key) = key {
            let key = quote_spanned!(Span::mixed_site().located_at(key.span())=> &(#key));
            return quote_spanned! {Span::mixed_site()=>
                let #local = {
                    static CIRCUIT: #runtime::__private::KeyedSite = #runtime::__private::KeyedSite::new(
                        #runtime::__private::Declaration::new(#name) #options
                    );
                    &CIRCUIT
                }.of(#key);
            };
        }
        quote_spanned! {Span::mixed_site()=>
            let #local = {
                static CIRCUIT: #runtime::__private::CallSite = #runtime::__private::CallSite::new(
                    #runtime::__private::Declaration::new(#name) #options
                );
                #runtime::__private::declare!(CIRCUIT);
                &CIRCUIT
            };
        }
    }

    pub(crate) fn circuit(
        &self,
        index: usize,
        circuit: &Circuit,
        local: &Ident,
        permit: &Ident,
        block: &TokenStream,
    ) -> TokenStream {
        let runtime = &self.runtime_at;
        let mixed = Span::mixed_site();
        let body = if self.is_left(index) {
            let label = self.layers[index].label();
            let tail = self.tail(index + 1, block);
            quote_spanned!(mixed=> let outcome = #label: { #tail };)
        } else {
            self.bound(index + 1, block)
        };
        let error = self.error();
        let settle = match &circuit.judge {
            Judge { failure_if: None, failure_if_ok: None, retry_after: None } => {
                quote_spanned!(self.at=> #runtime::__private::settle(#permit, outcome, #error))
            }
            judge => {
                let or = |function: &Option<TokenStream>, default| function.clone().unwrap_or(default);
                let failure_if = or(&judge.failure_if, quote_spanned!(mixed=> |_| true));
                let failure_if_ok = or(&judge.failure_if_ok, quote_spanned!(mixed=> |_| false));
                let retry_after = or(&judge.retry_after, quote_spanned!(mixed=> |_| ::core::option::Option::None));
                quote_spanned! {self.at=>
                    #runtime::__private::settle_by(
                        #permit, outcome, #error, #failure_if, #failure_if_ok, #retry_after
                    )
                }
            }
        };
        let rejected = self.rejected(&Ident::new("open", mixed), circuit.open.as_ref());
        let leave = self.leave(index, By::Circuit, &rejected);
        let settle = self.unless_by_caller(index, permit, settle);
        quote_spanned! {mixed=>
            let mut #permit = match #local.acquire() {
                ::core::result::Result::Ok(permit) => permit,
                ::core::result::Result::Err(open) => #leave
            };
            #body
            let outcome = #settle;
        }
    }
}
