use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;

use super::grammar::{Budget, Retry};
use crate::emit::Expansion;

impl Expansion<'_> {
    pub(crate) fn retry(&self, index: usize, retry: &Retry, local: &Ident, block: &TokenStream) -> TokenStream {
        let runtime = &self.runtime_at;
        let mixed = Span::mixed_site();
        let inner = if self.is_left(index) {
            let label = self.layers[index].label();
            let tail = self.tail(index + 1, block);
            quote_spanned!(mixed=> let outcome = #label: { #tail };)
        } else {
            self.bound(index + 1, block)
        };
        let unless_open = self.unless_open(index);
        let clones = self.captures.clones_of(&retry.clone);
        let error = self.error();
        let rejected = quote_spanned!(mixed=> |outcome| #runtime::__private::Rejection::of(outcome).__found());
        let below = self.layers[index + 1..].iter().filter(|below| below.is_circuit()).map(|below| &below.local);
        let below = quote_spanned!(mixed=> || [#(#below.breaker()),*]);
        let rules = retry.rules.iter().map(|(rule, function)| {
            let rule = Ident::new(rule, mixed);
            quote_spanned!(self.at=> .#rule(#function))
        });
        let retry_after = retry.retry_after(self.layers[index + 1..].iter().map(|below| below.layer));
        let retry_after = retry_after.map(|function| quote_spanned!(self.at=> .retry_after(#function)));
        let attempt = retry.attempt.as_ref().map(|name| quote_spanned!(mixed=> let #name = #local.attempt();));
        let budget = format_ident!("{local}_budget", span = mixed);
        let pays = retry.budget.is_some().then(|| quote_spanned!(mixed=> .budget(#budget)));
        let schedule = format_ident!("{local}_schedule", span = mixed);
        let func = self.func();
        let next = quote_spanned! {self.at=>
            #local.judge(#schedule(), outcome)#pays #(#rules)* #retry_after.next(#func, #error, #rejected, #below)
        };
        let budget = retry.budget.as_ref().map(|made| self.budget(made, &budget));
        let state = self.state(retry, local, &schedule);
        let sleep = self.wait(index, mixed, quote_spanned!(mixed=> #runtime::__private::sleep(delay)));
        quote_spanned! {mixed=>
            #state
            #budget
            loop {
                let delay = {
                    #attempt
                    #clones
                    #inner
                    #unless_open
                    match #next {
                        ::core::ops::ControlFlow::Continue(delay) => delay,
                        ::core::ops::ControlFlow::Break(outcome) => break outcome,
                    }
                };
                if !delay.is_zero() {
                    #sleep;
                }
            }
        }
    }

    /// The state of a retry, made anew whenever its loop begins, and its schedule as a function, which takes no place in
    /// the future and is a constant wherever it is called.
    fn state(&self, retry: &Retry, local: &Ident, schedule: &Ident) -> TokenStream {
        let runtime = self.runtime;
        let settings = self.settings(&retry.settings);
        quote_spanned! {Span::mixed_site()=>
            let #schedule = || const { &#runtime::__private::Schedule::DEFAULT #settings };
            let mut #local = #runtime::__private::Attempts::new(#schedule());
        }
    }

    fn budget(&self, made: &Budget, local: &Ident) -> TokenStream {
        let runtime = self.runtime;
        let mixed = Span::mixed_site();
        let budget = match made {
            Budget::Shared(path) => quote_spanned!(mixed.located_at(path.span())=> &#path),
            // The name of an item is not hygienic, and must not hide one of the user's.
            Budget::Own(expr) => quote_spanned! {mixed=> {
                static __RESILIENCE_BUDGET: #runtime::__private::RetryBudget = #expr;
                &__RESILIENCE_BUDGET
            }},
        };
        // Of a const, each call would have a copy of its own, with everything left.
        quote_spanned! {mixed=>
            let #local: &'static #runtime::__private::RetryBudget = #budget;
            #local.call_began();
        }
    }
}
