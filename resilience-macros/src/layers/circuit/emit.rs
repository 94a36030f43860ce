//! Implements [`Layer`] for `#[circuit]`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};

use super::grammar::{ATTRIBUTE, Breaker, Circuit, Judge, Stream};
use super::options::Opt;
use crate::emit::layer::{Layer, Place, Statements};
use crate::emit::types::item;
use crate::facts::{Asks, Cause, Facts, Opens, Runs, Time};
use crate::layers::settings::Setting;
use crate::layers::{guard, limits};
use crate::tokens::located;

impl Layer for Circuit {
    fn facts(&self) -> Facts {
        let Judge { failure_if, failure_if_ok, retry_after, retry_after_ok } = &self.judge;
        let name = match &self.breaker {
            Breaker::Named { name, .. } => Some(name.label()),
            Breaker::With { .. } => None,
        };
        let (key, constants) = match &self.breaker {
            Breaker::Named { name, key, settings } => {
                (key.clone(), name.constant().into_iter().chain(settings.constants()).cloned().collect())
            }
            Breaker::With { key, .. } => (key.clone(), Vec::new()),
        };
        Facts {
            asks: Asks::ByCaller,
            opens: self.opens(),
            name,
            key,
            constants,
            is_shared: true,
            hint: retry_after.clone(),
            // With the option `stream`, the function `retry_after_ok` examines items of the stream, so a retry cannot
            // call this function.
            hint_ok: retry_after_ok.clone().filter(|_| self.stream.is_none()),
            rejection: self.error.clone(),
            late: [failure_if, failure_if_ok, retry_after, retry_after_ok].into_iter().flatten().cloned().collect(),
            ..Facts::new(ATTRIBUTE.name, self.span, Runs::Once, Some(Cause::Circuit), Cause::ALL, Time::Same)
        }
    }

    /// Binds the circuit to a local variable before the code of the outermost attribute. After a failed attempt, a
    /// retry above this circuit reads the variable, to see whether the circuit would reject the next attempt. If the
    /// `key` contains the number of the attempt, the retry binds the circuit at the beginning of each attempt.
    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let circuit = self.bind(place);
        let repeats = place.is_hedged_per_attempt().then(|| {
            let (runtime, repeats) = (place.runtime(), repeats(place));
            quote_spanned!(Span::mixed_site()=> let #repeats = #runtime::__private::is_repeat();)
        });
        Some(quote_spanned!(Span::mixed_site()=> #circuit #repeats))
    }

    /// Output: `let mut permit = match admit(circuit.get(), false) { .. }; .. let outcome = settle(permit, ..);`
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let runtime = &place.stack.runtime_at;
        let at = place.stack.at;
        let mixed = Span::mixed_site();
        let (local, permit) = (place.local(), place.numbered("permit"));
        let body = place.caught(block);
        let (error, cause) = (place.error(), place.cause(false));
        let settle = match &self.judge {
            Judge { failure_if: None, failure_if_ok: None, retry_after: None, retry_after_ok: None } => {
                quote_spanned!(at=> #runtime::__private::settle(#permit, outcome, #error, #cause))
            }
            judge => {
                let functions = judge.functions(self.stream.is_none());
                quote_spanned!(at=> #runtime::__private::settle_by(#permit, outcome, #error, #cause, #functions))
            }
        };
        let settle = place.unless_by_caller(&permit, settle);
        let settle = match &self.stream {
            Some(stream) => self.settle_stream(place, stream, &settle),
            None => settle,
        };
        let retries = place.plan().retries_above(place.index).map(|index| place.at(index).local());
        let is_repeat = retries.map(|retry| quote_spanned!(mixed=> #retry.is_repeat()));
        let is_repeat = is_repeat.reduce(|any, next| quote_spanned!(mixed=> #any || #next));
        let is_repeat = is_repeat.unwrap_or_else(|| quote_spanned!(mixed=> false));
        let acquired = if place.is_hedged_per_attempt() {
            let repeats = repeats(place);
            quote_spanned!(mixed=> #runtime::__private::admit_hedged(#local.get(), #repeats))
        } else {
            quote_spanned!(mixed=> #runtime::__private::admit(#local.get(), #is_repeat))
        };
        // A circuit above may be this circuit, for example because both keys are equal. If the call is a trial of this
        // circuit, the admission must belong to the trial, because this circuit would otherwise reject the call.
        let acquired = place.expression_as_body(acquired);
        let admit =
            guard::admit(place, place.facts().rejects.unwrap_or(Cause::Circuit), &acquired, self.error.as_ref());
        // The functions in options of this circuit may call the circuits above.
        let settle = place.as_body(&quote_spanned!(mixed=> let outcome = #settle;));
        Statements::Bind(quote_spanned!(mixed=> let mut #permit = #admit; #body #settle))
    }

    fn permit(&self, place: Place<'_>) -> Option<Ident> {
        Some(place.numbered("permit"))
    }

    fn watch(&self, place: Place<'_>, body: TokenStream, waits: Option<&Ident>) -> TokenStream {
        let (module, permit) = (place.waits(), place.numbered("permit"));
        let watch = if self.judge.failure_if_ok.is_some() { "watch_values" } else { "watch" };
        let watch = Ident::new(watch, Span::mixed_site());
        let of_hedge = waits.map(|waits| quote_spanned!(Span::mixed_site()=> .of_hedge(&#waits)));
        quote_spanned!(Span::mixed_site()=> #module::#watch(&mut #permit, #body) #of_hedge)
    }
}

/// Returns the name of a local variable. The variable is true if the call belongs to a second or later attempt of
/// another function's retry or hedge.
fn repeats(place: Place<'_>) -> Ident {
    format_ident!("{}_repeats", place.local(), span = Span::mixed_site())
}

impl Judge {
    /// Returns the last five arguments of the runtime functions `settle_by` and `watch_stream`. If `of_ok` is false,
    /// uses defaults in place of the functions `failure_if_ok` and `retry_after_ok`.
    fn functions(&self, of_ok: bool) -> TokenStream {
        let mixed = Span::mixed_site();
        let or = |function: &Option<TokenStream>, default| function.clone().unwrap_or(default);
        // The error of the body may contain a rejection by a decorated function that the body called. If the attribute
        // has the option `failure_if`, the user's function decides whether such an error is a failure.
        let asks_first = self.failure_if.is_some();
        let failure_if = or(&self.failure_if, quote_spanned!(mixed=> |_| true));
        let failure_if_ok = or(&self.failure_if_ok.clone().filter(|_| of_ok), quote_spanned!(mixed=> |_| false));
        let no_hint = quote_spanned!(mixed=> |_| ::core::option::Option::None);
        let retry_after = or(&self.retry_after, no_hint.clone());
        let retry_after_ok = or(&self.retry_after_ok.clone().filter(|_| of_ok), no_hint);
        quote_spanned!(mixed=> #asks_first, #failure_if, #failure_if_ok, #retry_after, #retry_after_ok)
    }
}

impl Circuit {
    /// Returns the number of failed attempts after which the circuit opens. Returns `None` if the attribute does not
    /// determine this number, or if the circuit counts only first attempts.
    fn opens(&self) -> Option<Opens> {
        let Breaker::Named { settings, .. } = &self.breaker else { return None };
        let counts_attempts = settings.known(Opt::Count, true, |count| match count {
            Setting::Variant { name, .. } => Some(name == "Attempts"),
            _ => None,
        })?;
        if !counts_attempts || settings.has(Opt::FailureRate) || settings.has(Opt::SlowRate) {
            return None;
        }
        let threshold =
            settings.known(Opt::Threshold, limits::CIRCUIT_THRESHOLD_DEFAULT, |threshold| match threshold {
                Setting::Count(threshold) => Some(threshold),
                _ => None,
            })?;
        Some(Opens { threshold, by_default: !settings.has(Opt::Threshold) })
    }

    /// Returns the expression that moves the permit of a successful call into the returned stream. `settle` is the
    /// expression that records a failed call.
    ///
    /// Output: `stream!(match split(outcome) { Continue(stream) => Ok(watch_stream(..)), Break(outcome) => join(..) })`
    fn settle_stream(&self, place: Place<'_>, stream: &Stream, settle: &TokenStream) -> TokenStream {
        let mixed = Span::mixed_site();
        let (runtime, at) = (&place.stack.runtime_at, place.stack.at);
        let (local, permit) = (place.local(), place.numbered("permit"));
        let (error, cause) = (place.error(), place.cause(false));
        let Stream { span, slow_at_first_item } = stream;
        let functions = self.judge.functions(true);
        let opaque = place.stack.opaque_ok;
        let watch = Ident::new(if opaque.is_some() { "watch_stream" } else { "watch_boxed_stream" }, at);
        // Tells the compiler the type of the stream's items, before the compiler examines the user's functions.
        let items = opaque.and_then(item).map(|item| quote_spanned!(at=> #runtime::__private::of_items::<#item, _>));
        let watched = quote_spanned! {at=>
            #runtime::__private::#watch(
                #local.get(), #permit, #items(stream), #slow_at_first_item, #error, #cause, #functions
            )
        };
        let split = quote_spanned!(at=> #runtime::__private::split(outcome));
        let code = quote_spanned! {mixed=>
            match #split {
                ::core::ops::ControlFlow::Continue(stream) => ::core::result::Result::Ok(#watched),
                ::core::ops::ControlFlow::Break(outcome) => #runtime::__private::join({ #settle }),
            }
        };
        let option = mixed.located_at(*span);
        let runtime = located(place.runtime(), option);
        quote_spanned!(option=> #runtime::__private::stream!(#code))
    }

    /// Returns the statement that binds a local variable to the circuit of this attribute. With a `key`, this circuit
    /// is the circuit for the current value of the key.
    fn bind(&self, place: Place<'_>) -> TokenStream {
        let mixed = Span::mixed_site();
        let local = place.local();
        let (name, key, settings) = match &self.breaker {
            Breaker::Named { name, key, settings } => (name, key, settings),
            Breaker::With { breaker, key: None } => return guard::owned(place, "CircuitBreaker", &local, breaker),
            Breaker::With { breaker, key: Some(key) } => {
                return guard::of_key(place, "KeyedCircuits", &local, breaker, key);
            }
        };
        let name = name.tokens(place.runtime(), ToTokens::to_token_stream);
        let options = settings.checked_calls(place);
        let declaration = quote_spanned!(mixed=> CircuitDeclaration::new(#name) #options);
        match key {
            Some(key) => {
                let declaration = quote_spanned!(mixed=> #declaration.keyed());
                let site = guard::site(place, "KeyedCircuits", &declaration);
                let key = guard::reference(key);
                let circuit = quote_spanned!(mixed=> #site.get().__of(#key));
                // If each attempt of a retry evaluates the key, puts the key into a closure. Because of the closure,
                // the compiler rejects a `?` or a `break` that a macro in the key generates.
                let circuit = if place.facts().per_attempt {
                    let runtime = place.runtime();
                    quote_spanned!(mixed=> #runtime::__private::evaluate(|| #circuit))
                } else {
                    circuit
                };
                quote_spanned!(mixed=> let #local = #circuit;)
            }
            None => {
                let site = guard::site(place, "CircuitBreaker", &declaration);
                quote_spanned!(mixed=> let #local = #site;)
            }
        }
    }
}
