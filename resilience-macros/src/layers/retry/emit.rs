//! Implements [`Layer`] for `#[retry]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote_spanned};
use syn::spanned::Spanned;

use super::grammar::{ATTRIBUTE, Retry};
use super::options::Opt;
use super::rules;
use crate::emit::layer::{Layer, Place, Statements};
use crate::facts::{Asks, Cause, Facts, Pauses, Runs, Time};
use crate::layers::budget::Budget;
use crate::layers::guard::{self, Declaration};
use crate::parse::args::OptionName;
use crate::parse::constant::{Constant, Given};

impl Layer for Retry {
    fn facts(&self) -> Facts {
        // A rejection by a circuit ends the retry. The retry therefore handles only rejections by a bulkhead or a rate
        // limit.
        let catches = &[Cause::Limit, Cause::Tokens];
        let time = self.pauses().map_or(Time::Unknown, Time::Repeated);
        Facts {
            asks: Asks::ByCircuit,
            attempts: self.max(),
            constants: self.constants().cloned().collect(),
            is_shared: self.name.is_some(),
            clones: self.clone.clone(),
            attempt: self.attempt.clone(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::Again, None, catches, time)
        }
    }

    /// Returns statements that bind local variables. The expansion places these statements before the code of the
    /// outermost attribute. The first variable contains the policy of the option `with`, or a closure that returns the
    /// settings and the counts of this `#[retry]`. If each call evaluates the expression in the option `budget`, the
    /// second variable contains the retry budget.
    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let policy = self.with.as_ref().map(|with| guard::held(place, "HeldPolicy", &policy(place), with));
        let budget = self.budget.as_ref().and_then(|budget| budget.held(place));
        let shared = self.with.is_none().then(|| self.shared(place));
        Some(policy.into_iter().chain(shared).chain(budget).collect())
    }

    /// Output:
    ///
    /// ```text
    /// let retry_schedule = || { static SITE: Site<Retry> = ..; &SITE }.get().core();
    /// let mut retry = Attempts::without_limit();
    /// loop {
    ///     let delay = {
    ///         if false { list_a_consumed_argument_in_clone! { argument } }
    ///         ..
    ///         match retry.judge(retry_schedule, outcome).rejection(..).text(..).circuits(..).next(..) {
    ///             ControlFlow::Continue(delay) => delay,
    ///             ControlFlow::Break(outcome) => break outcome,
    ///         }
    ///     };
    ///     if !delay.is_zero() {
    ///         let () = sleep(delay).await;
    ///     }
    /// }
    /// ```
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let at = place.stack.at;
        let mixed = Span::mixed_site();
        let local = place.local();
        let inner = place.caught(block);
        let error = place.error();
        let per_attempt = place.plan().has_circuit_per_attempt(place.index);
        let rejected = place.cause(per_attempt);
        let own = place.plan().asks_for_causes(place.index).then(|| quote_spanned!(mixed=> .own_rejection(cause)));
        let below = place.plan().rejecting(place.index, Cause::Circuit).map(|index| place.at(index).local());
        let circuits = quote_spanned!(mixed=> || [#(#below.get()),*]);
        let each: Vec<_> = place.plan().circuits_per_attempt(place.index).map(|index| place.at(index)).collect();
        let bound: TokenStream = each.iter().filter_map(|each| each.layer()?.site(*each)).collect();
        let bound = (!bound.is_empty()).then(|| place.as_body(&bound));
        let circuits = if each.is_empty() {
            quote_spanned!(mixed=> .circuits(#circuits))
        } else {
            let each = each.iter().map(|each| each.local());
            quote_spanned!(mixed=> .circuits_and_own(#circuits, || [#(#each.get()),*]))
        };
        let rules = self.rules.iter().map(|(rule, function)| {
            let rule = Ident::new(rule.name(), mixed);
            quote_spanned!(at=> .#rule(#function))
        });
        let held = self.with.as_ref().map(|_| policy(place));
        // Uses the span of the user's expression, so that rustc points at this expression if the policy has a wrong
        // error type.
        let of_policy = self
            .with
            .as_ref()
            .zip(held.as_ref())
            .map(|(with, policy)| quote_spanned!(mixed.located_at(with.span())=> .rules(#policy.rules())));
        let retry_after = match &self.retry_after {
            Some(function) => Some(quote_spanned!(at=> .retry_after(#function))),
            None => place.plan().hint(place.index).map(|(index, function)| {
                let circuit = place.at(index).local();
                quote_spanned!(at=> .retry_after_of(#circuit.get(), #function))
            }),
        };
        let retry_after_ok = match (&self.retry_after_ok, &held) {
            (Some(function), _) => Some(quote_spanned!(at=> .retry_after_ok(#function))),
            // Without `retry_if_ok`, the retry accepts every `Ok`, and never calls the function `retry_after_ok`.
            (None, None) if !self.repeats_ok() => None,
            (None, held) => place.plan().hint_ok(place.index).map(|(index, function)| {
                let circuit = place.at(index).local();
                match held {
                    Some(policy) => {
                        quote_spanned!(at=> .retry_after_ok_below(#policy.rules(), #circuit.get(), #function))
                    }
                    None => quote_spanned!(at=> .retry_after_ok_of(#circuit.get(), #function)),
                }
            }),
        };
        let attempt = self.attempt.as_ref().map(|name| quote_spanned!(mixed=> let #name = #local.attempt();));
        let payer = match (&self.budget, &held) {
            (Some(_), _) => Some(Budget::local(place)),
            (None, held) => held.clone(),
        };
        let pays = payer.as_ref().map(|payer| quote_spanned!(mixed=> .budget(&#payer)));
        let (above, below) = place.plan().stacked_retries(place.index);
        let stacked = match (above.is_empty(), below.is_empty()) {
            (true, true) => None,
            (true, false) => Some(quote_spanned!(mixed=> .upper())),
            (false, _) => Some(quote_spanned!(mixed=> .lower())),
        };
        let above = above.iter().map(|index| place.at(*index).local());
        let repeats = quote_spanned!(mixed=> #(#above.lower_repeats();)*);
        let delay = quote_spanned!(mixed=> delay);
        let delay = if repeats.is_empty() { delay } else { quote_spanned!(mixed=> { #repeats #delay }) };
        let schedule = place.schedule();
        let named = self.name.as_ref().map(|_| quote_spanned!(mixed=> .named()));
        let func = place.func();
        let next = quote_spanned! {at=>
            #local.judge(#schedule, outcome)#named #stacked #own.rejection(#rejected)#pays #(#rules)* #retry_after
                #of_policy #retry_after_ok.text(#error)#circuits.next(#func)
        };
        // The functions in options of the retry may call the circuits above the retry.
        let next = place.expression_as_body(next);
        let own_budget = self.budget.as_ref().and_then(|budget| budget.of_function(place));
        let began = payer.map(|payer| quote_spanned!(mixed=> #payer.call_began();));
        let state = self.state(place, &schedule);
        let again = place.again(self.span);
        let waits = place.waits();
        let sleep = quote_spanned!(mixed=> #waits::sleep(delay));
        let wait = place.pause(mixed, &quote_spanned!(mixed=> ()), sleep);
        Statements::End(quote_spanned! {mixed=>
            #state
            #own_budget
            #began
            loop {
                let delay = {
                    #again
                    #attempt
                    #bound
                    #inner
                    match #next {
                        ::core::ops::ControlFlow::Continue(delay) => #delay,
                        ::core::ops::ControlFlow::Break(outcome) => break outcome,
                    }
                };
                if !delay.is_zero() {
                    #wait
                }
            }
        })
    }

    fn watch(&self, place: Place<'_>, body: TokenStream, _waits: Option<&Ident>) -> TokenStream {
        let (local, watch) = (place.local(), place.method("watch"));
        quote_spanned!(Span::mixed_site()=> #local.#watch(#body))
    }
}

impl Retry {
    /// Returns the largest number of attempts. Returns `None` if the macro does not know the number.
    fn max(&self) -> Option<u32> {
        // Another `#[retry]` with the same name, or the policy in the option `with`, may set the option `max`.
        let is_open = self.with.is_some() || self.name.is_some() && !self.settings.has(Opt::Max);
        if is_open { None } else { rules::max(&self.settings) }
    }

    /// Returns whether the attribute has the option `retry_if_ok`.
    fn repeats_ok(&self) -> bool {
        self.rules.iter().any(|(rule, _)| *rule == Opt::RetryIfOk)
    }

    /// Returns the pauses between the attempts. Returns `None` if the macro does not know the pauses, for example
    /// because of the option `jitter`.
    fn pauses(&self) -> Option<Pauses> {
        let settings = &self.settings;
        let changes = [Opt::Jitter, Opt::MaxDelay, Opt::MaxElapsed].into_iter().any(|option| settings.has(option));
        let has_hint = self.retry_after.is_some() || self.retry_after_ok.is_some();
        if changes || has_hint || self.name.is_some() {
            return None;
        }
        let (max, delay, backoff) = (self.max()?, rules::delay(settings)?, rules::backoff(settings)?);
        Some(Pauses { max, delay: delay.as_secs_f64(), backoff })
    }

    /// Returns the option values of this attribute that are constants in the user's code, such as `LIMIT`.
    fn constants(&self) -> impl Iterator<Item = &Constant> {
        self.name.as_ref().and_then(Given::constant).into_iter().chain(self.settings.constants())
    }

    /// Returns `false` if a constant in an option names `Self` or a generic parameter.
    fn is_fixed(&self, place: Place<'_>) -> bool {
        self.settings.constants().all(|constant| !place.names_generic(&constant.tokens))
    }

    /// Returns a statement that binds a local variable to a closure. The closure returns the settings and the counts
    /// that all calls share.
    ///
    /// If a constant in an option names `Self` or a generic parameter, all calls share only the counts. The settings
    /// are then a constant in the closure.
    fn shared(&self, place: Place<'_>) -> TokenStream {
        let mixed = Span::mixed_site();
        let (runtime, closure) = (place.runtime(), place.schedule());
        let settings = self.settings.checked_calls(place);
        let is_fixed = self.is_fixed(place);
        let declaration = Declaration {
            layer: "Retry",
            name: self.name.as_ref(),
            options: if is_fixed { settings.clone() } else { TokenStream::new() },
            missing: None,
            evaluated: (!is_fixed).then_some("*"),
        };
        let own = (!is_fixed).then(
            || quote_spanned!(mixed=> .with_schedule(const { &#runtime::__private::Schedule::DEFAULT #settings })),
        );
        let retry = declaration.closure(place, &quote_spanned!(mixed=> .core()#own));
        quote_spanned!(mixed=> let #closure = #retry;)
    }

    /// Returns a statement that binds the state of the retry to a local variable. The expansion places this statement
    /// before the loop over the attempts, so that all attempts of one call share the state.
    fn state(&self, place: Place<'_>, schedule: &Ident) -> TokenStream {
        let (runtime, local, mixed) = (place.runtime(), place.local(), Span::mixed_site());
        let held = self.with.as_ref().map(|_| {
            let policy = policy(place);
            quote_spanned!(mixed=> let #schedule = || #policy.core();)
        });
        // Another attribute with the same name, or the policy in the option `with`, may set the option `max_elapsed`.
        let is_limited = self.settings.has(Opt::MaxElapsed) || self.name.is_some() || self.with.is_some();
        let state =
            if is_limited { quote_spanned!(mixed=> new(#schedule)) } else { quote_spanned!(mixed=> without_limit()) };
        quote_spanned!(mixed=> #held let mut #local = #runtime::__private::Attempts::#state;)
    }
}

/// Returns the name of the local variable that contains the policy of the option `with`.
fn policy(place: Place<'_>) -> Ident {
    format_ident!("{}_policy", place.local(), span = Span::mixed_site())
}
