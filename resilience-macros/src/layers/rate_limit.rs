//! Implements `#[rate_limit]`, which limits the rate of calls.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote_spanned};
use syn::{Expr, Result};

use super::attribute::{Attribute, Parsed, parsed};
use super::limit::{Limit, Shared, Source};
use super::settings::{COUNT, KEYS, QUEUE, Reader, Setting, Settings};
use super::{limits, synonyms};
use crate::emit::layer::{Layer, Place, Statements};
use crate::error::Errors;
use crate::facts::{Cause, Facts};
use crate::parse::args::{Args, options};
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "rate_limit", parse };

options! {
    enum Opt: synonyms::RATE_LIMIT {
        Name = "name",
        Key = "key",
        MaxKeys = "max_keys",
        PerSecond = "per_second",
        Limit = "limit",
        Per = "per",
        Burst = "burst",
        Tokens = "tokens",
        Wait = "wait",
        MaxQueue = "max_queue",
        With = "with",
        Error = "error",
        Crate = "crate",
    }
}

const SETTINGS: [(Opt, Reader); 6] = [
    (Opt::PerSecond, (Kind::whole(&limits::RATE_LIMIT_PER_SECOND), per_second)),
    (Opt::Limit, COUNT),
    (Opt::Per, (Kind::time_within(&limits::RATE_LIMIT_PER), per)),
    (Opt::Burst, COUNT),
    (Opt::MaxQueue, QUEUE),
    (Opt::MaxKeys, KEYS),
];

const SHARED: Shared<Opt> = Shared {
    name: Opt::Name,
    key: Opt::Key,
    max_keys: Opt::MaxKeys,
    with: Opt::With,
    wait: Opt::Wait,
    max_queue: Opt::MaxQueue,
    error: Opt::Error,
};

struct RateLimit {
    limit: Limit<Opt>,
    /// The number of tokens that a call takes. Without the option `tokens`, a call takes one token.
    tokens: Option<Given<u32>>,
}

fn per_second(key: &str, value: &Expr) -> Result<Setting> {
    value::whole(key, value, &limits::RATE_LIMIT_PER_SECOND).map(Setting::Count)
}

fn per(key: &str, value: &Expr) -> Result<Setting> {
    match value::duration(key, value)? {
        time if limits::RATE_LIMIT_PER.contains(&time) => Ok(Setting::Time(time)),
        _ => Err(value::invalid(key, value, "from 1 ms to 24 h")),
    }
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    let is_alone = !args.has(Opt::With) && !args.has(Opt::Name);
    if is_alone && !args.has(Opt::Limit) && !args.has(Opt::Per) {
        let message = "`#[rate_limit]` needs a rate: write `#[rate_limit(per_second = ..)]`";
        args.require(Opt::PerSecond, message, errors);
    }
    let (settings, readable) = Settings::read(&mut args, &SETTINGS, errors);
    let of_tokens = args.ident(Opt::Tokens);
    let tokens = args.read(Opt::Tokens, errors, |key, value| Given::read(key, value, Kind::count(), value::count));
    if !args.has(Opt::With) && readable && !args.is_broken() {
        check_rate(&settings, is_alone, errors);
        if let Some(of_tokens) = of_tokens {
            check_tokens(of_tokens.span(), tokens.as_ref(), &settings, is_alone, errors);
        }
    }
    let limit = Limit::read(&mut args, &SHARED, settings, (span, "limit"), errors);
    parsed(limit.map(|limit| RateLimit { limit, tokens }), args.read(Opt::Crate, errors, value::path))
}

/// Reports an error if `per_second` is combined with `limit` or `per`. Also reports `limit` without `per`, `per`
/// without `limit`, and a rate that is too high.
fn check_rate(settings: &Settings<Opt>, is_alone: bool, errors: &mut Errors) {
    if let Some((per_second, _)) = settings.get(Opt::PerSecond) {
        if let Some((other, _)) = settings.get(Opt::Limit).or(settings.get(Opt::Per)) {
            errors
                .push(other.span(), format_args!("`{per_second}` and `{other}` exclude each other: write one of them"));
        }
        return;
    }
    for (one, other) in [(Opt::Limit, Opt::Per), (Opt::Per, Opt::Limit)] {
        if let (Some((ident, _)), false, true) = (settings.get(one), settings.has(other), is_alone) {
            let other = if other == Opt::Per { "`per = ..`" } else { "`limit = ..`" };
            errors.push(ident.span(), format_args!("`{ident}` needs {other} beside it"));
        }
    }
    if let (Some((ident, limit)), Some((_, per))) = (settings.count(Opt::Limit), settings.time(Opt::Per)) {
        let most = per.as_nanos() / limits::RATE_LIMIT_STEP.as_nanos();
        if u128::from(limit) > most {
            errors.push(ident.span(), format_args!("`limit` must be at most {most} for this `per`, 1000000 a second"));
        }
    }
}

/// Reports an error for `tokens` without a `burst`, and for a call that takes more tokens than the burst.
fn check_tokens(
    span: Span,
    tokens: Option<&Given<u32>>,
    settings: &Settings<Opt>,
    is_alone: bool,
    errors: &mut Errors,
) {
    if is_alone && !settings.has(Opt::Burst) {
        errors.push(span, "`tokens` needs `burst = ..` beside it: the most tokens that a call may take");
    }
    if let (Some(tokens), Some((_, burst))) = (tokens.and_then(Given::literal), settings.count(Opt::Burst)) {
        if *tokens > burst {
            errors.push(span, format_args!("`tokens` must be at most `burst`, which is {burst}"));
        }
    }
}

impl RateLimit {
    /// Returns the cause of the rejections by this rate limit. The option `tokens` has a cause of its own, because a
    /// retry must not repeat a call that takes more tokens than the burst.
    fn cause(&self) -> Cause {
        if self.tokens.is_some() { Cause::Tokens } else { Cause::Limit }
    }
}

impl Layer for RateLimit {
    fn facts(&self) -> Facts {
        let mut facts = self.limit.facts(ATTRIBUTE.name, self.cause());
        facts.expressions.extend(self.tokens.as_ref().and_then(Given::expression));
        facts
    }

    fn site(&self, place: Place<'_>) -> Option<TokenStream> {
        let mixed = Span::mixed_site();
        let (missing, is_checked) = match &self.limit.source {
            Source::Own { settings, .. } => {
                let has_rate = settings.has(Opt::PerSecond) || settings.has(Opt::Limit) && settings.has(Opt::Per);
                ((!has_rate).then_some("per_second"), settings.has(Opt::Per) || settings.constants().next().is_some())
            }
            Source::With(_) => (None, false),
        };
        let tokens = self.tokens.as_ref().map(|_| quote_spanned!(mixed=> .tokens(true)));
        let checked = is_checked.then(|| quote_spanned!(mixed=> .checked()));
        let others = quote_spanned!(mixed=> #tokens #checked);
        Some(self.limit.site(place, "RateLimit", Some(&others), missing))
    }

    /// Output: `let () = match rate_limit.get().try_acquire() { .. };`, followed by the statements of the attributes
    /// below.
    fn emit(&self, place: Place<'_>, block: &TokenStream) -> Statements {
        let mixed = Span::mixed_site();
        let (waits, layer) = (place.waits(), self.limit.layer(place));
        // Evaluates the expression of the option `tokens` before the wait starts. If this expression panics, the
        // circuits above therefore count a failure.
        let (bound, tokens) = match self.tokens.as_ref() {
            Some(tokens) if !place.is_fixed(tokens) => {
                let local = format_ident!("{}_tokens", place.local(), span = mixed);
                (Some(place.evaluate(&local, &place.count(tokens))), Some(local.into_token_stream()))
            }
            tokens => (None, tokens.map(|tokens| place.count(tokens))),
        };
        let now = match &tokens {
            Some(tokens) => quote_spanned!(mixed=> #layer.try_acquire_many(#tokens)),
            None => quote_spanned!(mixed=> #layer.try_acquire()),
        };
        let admitted = self.limit.admit(place, self.cause(), bound.as_ref(), &now, |wait| match (wait, &tokens) {
            (Some(wait), tokens) => {
                let tokens = tokens.clone().unwrap_or_else(|| quote_spanned!(mixed=> 1));
                quote_spanned!(mixed=> #waits::acquire_tokens_within(#layer, #tokens, #wait))
            }
            (None, tokens) if place.stack.blocks => {
                let tokens = tokens.clone().unwrap_or_else(|| quote_spanned!(mixed=> 1));
                quote_spanned!(mixed=> #waits::acquire_tokens(#layer, #tokens))
            }
            (None, Some(tokens)) => quote_spanned!(mixed=> #layer.acquire_many(#tokens)),
            (None, None) => quote_spanned!(mixed=> #layer.acquire()),
        });
        self.limit.emit(place, block, None, &admitted)
    }
}
