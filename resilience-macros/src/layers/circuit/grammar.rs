//! Parses the options of `#[circuit]`.

use proc_macro2::{Span, TokenStream};
use syn::{Expr, LitStr, Result};

use super::options::{Opt, SETTINGS};
use super::rules;
use crate::error::Errors;
use crate::layers::attribute::{Attribute, Parsed, parsed};
use crate::layers::guard;
use crate::layers::settings::Settings;
use crate::parse::args::Args;
use crate::parse::constant::{Given, Kind};
use crate::parse::value;

pub(crate) const ATTRIBUTE: Attribute = Attribute { name: "circuit", parse };

pub(super) struct Circuit {
    pub(super) span: Span,
    pub(super) breaker: Breaker,
    pub(super) judge: Judge,
    pub(super) stream: Option<Stream>,
    pub(super) error: Option<TokenStream>,
}

pub(super) enum Breaker {
    /// The options of a circuit breaker with a name. All attributes with this name share the breaker. If the attribute
    /// has a `key`, each value of the key has a breaker of its own.
    Named { name: Given<LitStr>, key: Option<TokenStream>, settings: Settings<Opt> },
    /// The expression in the option `with`, for a breaker that the user created. With a `key`, the expression is a
    /// `KeyedCircuits`.
    With { breaker: TokenStream, key: Option<TokenStream> },
}

/// The option `stream`, with which a call lasts until the end of the returned stream.
pub(super) struct Stream {
    /// The position of the option, for a compile error if the runtime lacks the feature `stream`.
    pub(super) span: Span,
    /// Whether `slow_call` applies to the time until the first item. If not, `slow_call` applies to the time until the
    /// end of the stream.
    pub(super) slow_at_first_item: bool,
}

/// The user's functions that examine the outcome of a call. `failure_if` and `failure_if_ok` decide whether the outcome
/// is a failure. `retry_after` and `retry_after_ok` read a delay, such as the value of a `Retry-After` header, from a
/// failure.
pub(super) struct Judge {
    pub(super) failure_if: Option<TokenStream>,
    pub(super) failure_if_ok: Option<TokenStream>,
    pub(super) retry_after: Option<TokenStream>,
    pub(super) retry_after_ok: Option<TokenStream>,
}

fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> Parsed {
    let mut args = Args::<Opt>::parse(span, tokens, errors);
    let with = args.has(Opt::With);
    if !with {
        args.require(Opt::Name, "`#[circuit]` needs a name: write `#[circuit(name = \"..\")]`", errors);
    }
    let (settings, readable) = Settings::read(&mut args, &SETTINGS, errors);
    if with {
        let message = "does not go with `with`: the breaker that you hold has its own";
        args.refuse(&[Opt::Name], message, errors);
        for ident in settings.idents() {
            errors.push(ident.span(), format_args!("`{ident}` {message}"));
        }
    }
    if let (Some((max_keys, _)), false) = (settings.get(Opt::MaxKeys), with || args.has(Opt::Key)) {
        errors.push(max_keys.span(), "`max_keys` needs `key = ..` beside it");
    }
    args.need(Opt::RetryAfterOk, Opt::FailureIfOk, "no `Ok` is a failure otherwise", errors);
    // Skips the check for contradictions if the value of an option could not be parsed. The macro has already reported
    // the invalid value. The check would report the same option a second time, as missing.
    if readable && !args.is_broken() {
        rules::check(&settings, errors);
    }
    let judge = Judge {
        failure_if: args.read(Opt::FailureIf, errors, value::function),
        failure_if_ok: args.read(Opt::FailureIfOk, errors, value::function),
        retry_after: args.read(Opt::RetryAfter, errors, value::function),
        retry_after_ok: args.read(Opt::RetryAfterOk, errors, value::function),
    };
    let ident = args.ident(Opt::Stream);
    let stream = args.read(Opt::Stream, errors, stream);
    let stream = ident.zip(stream.flatten());
    let stream = stream.map(|(ident, slow_at_first_item)| Stream { span: ident.span(), slow_at_first_item });
    let error = args.read(Opt::Error, errors, value::function);
    let runtime = args.read(Opt::Crate, errors, value::path);
    let has_key = args.has(Opt::Key);
    let name = args.read(Opt::Name, errors, |key, name| Given::read(key, name, Kind::Name { has_key }, value::name));
    let key = args.read(Opt::Key, errors, value::expression);
    if let Some(name) = name.as_ref().and_then(Given::literal) {
        guard::check_brackets(name, has_key, "circuit", errors);
    }
    let with = args.read(Opt::With, errors, value::expression);
    let breaker = match (with, name) {
        (Some(breaker), _) => Some(Breaker::With { breaker, key }),
        (None, name) => name.map(|name| Breaker::Named { name, key, settings }),
    };
    parsed(breaker.map(|breaker| Circuit { span, breaker, judge, stream, error }), runtime)
}

/// Parses the value of the option `stream`. Returns `None` for `false`, `Some(false)` for `true`, and `Some(true)` for
/// `"first_item"`.
fn stream(key: &str, value: &Expr) -> Result<Option<bool>> {
    if let Ok(flag) = value::flag(key, value) {
        return Ok(flag.then_some(false));
    }
    match value::choice(key, value, &["first_item"]) {
        Ok(_) => Ok(Some(true)),
        Err(_) => Err(value::invalid(key, value, "`true`, `false` or \"first_item\"")),
    }
}
