//! Implements the code that `#[bulkhead]` and `#[rate_limit]` share: the common options, and the wait until a call is
//! admitted.

use std::time::Duration;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::LitStr;

use super::guard::{self, Declaration};
use super::settings::Settings;
use crate::emit::layer::{Place, Statements};
use crate::error::Errors;
use crate::facts::{Cause, Facts, Runs, Time};
use crate::parse::args::{Args, OptionName};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(super) struct Limit<O> {
    pub(super) span: Span,
    pub(super) source: Source<O>,
    /// The value of the option `wait`: the longest wait of a call. The field is `None` if the attribute lacks this
    /// option.
    wait: Option<Given<Duration>>,
    error: Option<TokenStream>,
}

pub(super) enum Source<O> {
    /// The options of a bulkhead or a rate limit that the attribute declares. All attributes with the same `name` share
    /// one bulkhead or rate limit. Without the option `name`, the decorated function has a bulkhead or rate limit of
    /// its own.
    Own { name: Option<Given<LitStr>>, key: Option<TokenStream>, settings: Settings<O> },
    /// The expression in the option `with`, for a bulkhead or a rate limit that the user created.
    With(TokenStream),
}

/// The options that `#[bulkhead]` and `#[rate_limit]` both have.
pub(super) struct Shared<O> {
    pub(super) name: O,
    pub(super) key: O,
    pub(super) max_keys: O,
    pub(super) with: O,
    pub(super) wait: O,
    pub(super) max_queue: O,
    pub(super) error: O,
}

impl<O: OptionName> Limit<O> {
    /// Reads the options `name`, `key`, `wait`, `with` and `error`. `settings` contains the parsed values of further
    /// options, such as `max_queue`. `span` is the position of the attribute. `held` is the noun for compile errors:
    /// `bulkhead` or `limit`.
    pub(super) fn read(
        args: &mut Args<O>,
        shared: &Shared<O>,
        settings: Settings<O>,
        (span, held): (Span, &str),
        errors: &mut Errors,
    ) -> Option<Self> {
        if args.has(shared.with) {
            let message = format!("does not go with `with`: the {held} that you hold has its own");
            args.refuse(&[shared.name, shared.key, shared.wait], &message, errors);
            for ident in settings.idents() {
                errors.push(ident.span(), format_args!("`{ident}` {message}"));
            }
        } else if let (Some((max_queue, _)), false) = (settings.get(shared.max_queue), args.has(shared.name)) {
            if !args.has(shared.wait) && !args.is_broken() {
                errors.push(max_queue.span(), "`max_queue` needs `wait = ..` beside it: no call waits otherwise");
            }
        }
        if let (Some((max_keys, _)), false) =
            (settings.get(shared.max_keys), args.has(shared.key) || args.has(shared.with))
        {
            errors.push(max_keys.span(), "`max_keys` needs `key = ..` beside it");
        }
        let has_key = args.has(shared.key);
        let key = args.read(shared.key, errors, |key, value| {
            value::without_exit(key, &value.to_token_stream())?;
            value::expression(key, value)
        });
        let wait = args.read(shared.wait, errors, |key, value| Given::read(key, value, Kind::Time, value::duration));
        let name =
            args.read(shared.name, errors, |key, value| Given::read(key, value, Kind::Name { has_key }, value::name));
        if let Some(name) = name.as_ref().and_then(Given::literal) {
            guard::check_brackets(name, has_key, held, errors);
        }
        let with = args.read(shared.with, errors, value::expression);
        let error = args.read(shared.error, errors, value::function);
        let is_own = name.is_some() || settings.idents().next().is_some();
        let source = with.map(Source::With).or(is_own.then_some(Source::Own { name, key, settings }))?;
        Some(Self { span, source, wait, error })
    }

    fn key(&self) -> Option<&TokenStream> {
        match &self.source {
            Source::Own { key, .. } => key.as_ref(),
            Source::With(_) => None,
        }
    }

    /// Returns an expression for the bulkhead or the rate limit of this call. With the option `key`, each key has a
    /// bulkhead or rate limit of its own.
    pub(super) fn layer(&self, place: Place<'_>) -> TokenStream {
        let layer = if self.key().is_some() { of_key(place) } else { place.local() };
        quote_spanned!(Span::mixed_site()=> #layer.get())
    }

    /// Returns the statement that binds a local variable to the bulkhead or the rate limit of the call's key. If a
    /// retry is above this attribute, each attempt evaluates the key.
    fn bind_key(&self, place: Place<'_>) -> Option<TokenStream> {
        let (local, runtime, key) = (place.local(), place.runtime(), guard::reference(self.key()?));
        let layer = quote_spanned!(Span::mixed_site()=> #runtime::__private::evaluate(|| #local.get().__of(#key)));
        Some(place.evaluate(&of_key(place), &layer))
    }

    /// Returns whether a call may wait for its admission.
    fn waits(&self) -> bool {
        match (&self.source, &self.wait) {
            // Another attribute with the same name may set the option `wait`.
            (Source::Own { name: None, .. }, None) => false,
            (Source::Own { name: None, .. }, Some(Given::Literal(wait))) => !wait.is_zero(),
            _ => true,
        }
    }

    pub(super) fn facts(&self, attribute: &'static str, cause: Cause) -> Facts {
        let time = match (&self.source, &self.wait) {
            (Source::Own { name: None, .. }, None) => Time::Same,
            (Source::Own { .. }, Some(Given::Literal(wait))) => Time::After(*wait),
            _ => Time::Unknown,
        };
        let (name, constants) = match &self.source {
            Source::Own { name, settings, .. } => {
                let constant = name.as_ref().and_then(Given::constant);
                (name.as_ref().map(Given::label), constant.into_iter().chain(settings.constants()).cloned().collect())
            }
            Source::With(_) => (None, Vec::new()),
        };
        Facts {
            expressions: self
                .wait
                .as_ref()
                .and_then(Given::expression)
                .into_iter()
                .chain(self.key().cloned())
                .collect(),
            constants,
            name_of_limit: name,
            is_shared: true,
            waits: self.waits(),
            rejection: self.error.clone(),
            ..Facts::new(attribute, self.span, Runs::Once, Some(cause), &[], time)
        }
    }

    /// Returns the statement that binds the bulkhead or the rate limit to a local variable. `layer` is the type name,
    /// `Bulkhead` or `RateLimit`. `others` are additional method calls for the declaration, such as `.checked()`.
    /// `missing` is the name of a required option that the attribute lacks.
    pub(super) fn site(
        &self,
        place: Place<'_>,
        layer: &str,
        others: Option<&TokenStream>,
        missing: Option<&str>,
    ) -> TokenStream {
        let mixed = Span::mixed_site();
        let local = place.local();
        let (name, settings) = match &self.source {
            Source::With(with) => return guard::owned(place, layer, &local, with),
            Source::Own { name, settings, .. } => (name.as_ref(), settings.calls(place)),
        };
        let keyed = format!("Keyed{layer}s");
        let layer = if self.key().is_some() { &keyed } else { layer };
        let wait = self.wait.as_ref().and_then(|wait| place.setting(wait));
        let wait = wait.map(|wait| quote_spanned!(mixed=> .wait(#wait)));
        let is_evaluated = self.wait.is_some() && wait.is_none();
        let evaluated = is_evaluated.then_some("wait");
        let options = quote_spanned!(mixed=> #settings #wait #others);
        let site = Declaration { layer, name, options, missing, evaluated }.site(place);
        quote_spanned!(mixed=> let #local = #site;)
    }

    /// Returns an expression that admits the call. If the call is rejected, the expression returns from the function,
    /// or jumps to the attribute that handles the rejection. `bound` contains statements that evaluate expressions of
    /// the user. The expression `now` admits the call without a wait. The function `waiting` returns an expression
    /// that waits and then admits the call. The argument of `waiting` is the variable that contains the longest wait,
    /// or `None` if all calls have the same longest wait.
    pub(super) fn admit(
        &self,
        place: Place<'_>,
        cause: Cause,
        bound: Option<&TokenStream>,
        now: &TokenStream,
        waiting: impl FnOnce(Option<&Ident>) -> TokenStream,
    ) -> TokenStream {
        let mixed = Span::mixed_site();
        let admit = |acquired: &TokenStream| guard::admit(place, cause, acquired, self.error.as_ref());
        if !self.waits() {
            let admit = admit(now);
            return if bound.is_some() { quote_spanned!(mixed=> { #bound #admit }) } else { admit };
        }
        // Evaluates the expression of the option `wait` before the call waits. If the expression panics, the circuits
        // above therefore count a failure.
        let time = self.wait.as_ref().filter(|wait| !place.is_fixed(wait)).map(|wait| {
            let local = format_ident!("{}_wait", place.local(), span = mixed);
            (place.evaluate(&local, &place.time(wait)), local)
        });
        let (time, local) = time.unzip();
        let acquired = quote_spanned!(mixed=> acquired);
        let wait = place.pause(mixed, &acquired, waiting(local.as_ref()));
        let admit = admit(&acquired);
        // Puts the wait into a block of its own, so that the future of the decorated function does not store `acquired`
        // while the body runs.
        quote_spanned!(mixed=> { #bound #time #wait #admit })
    }

    /// Returns the statements that admit a call, followed by the statements of the attributes below. `admitted` is the
    /// expression that admits the call. `slot` is the name of the variable for the value of this expression, or `None`
    /// if the value is `()`.
    ///
    /// The expansion usually creates the future of the body before the wait. In four cases, the expansion creates the
    /// future after the wait:
    ///
    /// - The body may run again.
    /// - The body uses a clone of an argument, which the expansion creates below this attribute.
    /// - An attribute above may wait.
    /// - Code after the wait, such as a function in the option `error`, uses an argument of the body.
    pub(super) fn emit(
        &self,
        place: Place<'_>,
        block: &TokenStream,
        slot: Option<&Ident>,
        admitted: &TokenStream,
    ) -> Statements {
        let mixed = Span::mixed_site();
        let plan = place.plan();
        let key = self.bind_key(place);
        let bind = match slot {
            Some(slot) => quote_spanned!(mixed=> let #slot = #admitted;),
            None => quote_spanned!(mixed=> let () = #admitted;),
        };
        if plan.repeats()
            || !self.waits()
            || plan.clones_below(place.index)
            || plan.waits_above(place.index)
            || place.stack.starts_late
            || place.stack.blocks
        {
            let inner = place.bound(block);
            return Statements::Bind(quote_spanned!(mixed=> #key #bind #inner));
        }
        // Creates the `async` block of the body before the wait. If the block were created after the wait, the future
        // of the decorated function would store the arguments twice.
        let inner = place.bound(&quote_spanned!(mixed=> body.as_mut()));
        let body = quote_spanned!(mixed=> let mut body = ::core::pin::pin!(#block););
        Statements::Bind(match slot {
            // Declares the slot before the body, so that the body is dropped before the slot is freed.
            Some(slot) => quote_spanned!(mixed=> #key let #slot; #body #slot = #admitted; #inner),
            None => quote_spanned!(mixed=> #key #body #bind #inner),
        })
    }
}

/// Returns the name of the local variable that contains the bulkhead or the rate limit of the call's key.
fn of_key(place: Place<'_>) -> Ident {
    format_ident!("{}_of_key", place.local(), span = Span::mixed_site())
}
