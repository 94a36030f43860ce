use std::time::Duration;

use proc_macro2::{Span, TokenStream};
use syn::{Error, Expr, LitStr, Path, Result};

use super::rules as rule;
use crate::error::Errors;
use crate::layers::settings::{Setting, Settings};
use crate::parse::args::Args;
use crate::parse::value as args;

/// What one `#[circuit(..)]` says.
pub(crate) struct Circuit {
    pub(crate) breaker: Breaker,
    pub(crate) judge: Judge,
    pub(crate) open: Option<TokenStream>,
}

pub(crate) enum Breaker {
    /// The one that the program shares under this name, and under the key if there is one.
    Named { name: LitStr, key: Option<TokenStream>, settings: Settings },
    /// One that the user holds.
    With(TokenStream),
}

/// The user's functions that say what an outcome is.
pub(crate) struct Judge {
    pub(crate) failure_if: Option<TokenStream>,
    pub(crate) failure_if_ok: Option<TokenStream>,
    pub(crate) retry_after: Option<TokenStream>,
}

type Read = fn(&str, &Expr) -> Result<Setting>;

const SETTINGS: [(&str, Read); 15] = [
    ("threshold", count),
    ("window", window),
    ("calls", calls),
    ("failure_rate", rate),
    ("slow_call", some_time),
    ("slow_rate", rate),
    ("min_calls", count),
    ("cooldown", time),
    ("cooldown_factor", factor),
    ("max_cooldown", some_time),
    ("cooldown_jitter", share),
    ("half_open_max", count),
    ("trial_timeout", some_time),
    ("shadow", flag),
    ("max_keys", keys),
];

const OPTIONS: [&str; 23] = [
    "name",
    "key",
    "max_keys",
    "with",
    "threshold",
    "window",
    "calls",
    "failure_rate",
    "slow_call",
    "slow_rate",
    "min_calls",
    "cooldown",
    "cooldown_factor",
    "max_cooldown",
    "cooldown_jitter",
    "half_open_max",
    "trial_timeout",
    "shadow",
    "failure_if",
    "failure_if_ok",
    "retry_after",
    "open",
    "crate",
];

impl Circuit {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse(span, tokens, &OPTIONS, errors);
        let with = args.key("with");
        if with.is_none() {
            args.require("name", "`#[circuit]` needs a name: write `#[circuit(name = \"..\")]`", errors);
        }
        let whole = !args.is_broken();
        let mut settings = Settings::new();
        let mut readable = true;
        for (key, read) in SETTINGS {
            if let Some(ident) = args.key(key) {
                let setting = args.read(key, errors, read).map(|setting| (ident, setting));
                readable &= setting.is_some();
                settings.extend(setting);
            }
        }
        if with.is_some() {
            let named = [args.key("name"), args.key("key")].into_iter().flatten();
            for ident in named.collect::<Vec<_>>().iter().chain(settings.iter().map(|(ident, _)| ident)) {
                let message = format_args!("`{ident}` does not go with `with`: the breaker that you hold has its own");
                errors.push(ident.span(), message);
            }
        }
        let max_keys = settings.iter().find(|(ident, _)| ident == "max_keys");
        if let (Some((max_keys, _)), None) = (max_keys, args.key("key").or(with)) {
            errors.push(max_keys.span(), "`max_keys` needs `key = ..` beside it");
        }
        // A setting that could not be read has been reported, and must not be missed here.
        if whole && readable {
            rule::check(&settings, errors);
        }
        let judge = Judge {
            failure_if: args.read("failure_if", errors, args::function),
            failure_if_ok: args.read("failure_if_ok", errors, args::function),
            retry_after: args.read("retry_after", errors, args::function),
        };
        let open = args.read("open", errors, args::function);
        let runtime = args.read("crate", errors, args::path);
        let name = args.read("name", errors, args::name);
        let key = args.read("key", errors, args::expression);
        let with = args.read("with", errors, args::expression);
        let breaker = with.map(Breaker::With).or(name.map(|name| Breaker::Named { name, key, settings }));
        (breaker.map(|breaker| Self { breaker, judge, open }), runtime)
    }
}

fn keys(key: &str, value: &Expr) -> Result<Setting> {
    match args::count(key, value) {
        Ok(keys @ 1..=9_999_999) => Ok(Setting::Count(keys)),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be a whole number from 1 to 9999999"))),
    }
}

fn count(key: &str, value: &Expr) -> Result<Setting> {
    args::count(key, value).map(Setting::Count)
}

fn calls(key: &str, value: &Expr) -> Result<Setting> {
    match args::count(key, value) {
        Ok(calls @ 1..=0xFFFF) => Ok(Setting::Count(calls)),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be a whole number from 1 to 65535"))),
    }
}

fn time(key: &str, value: &Expr) -> Result<Setting> {
    args::duration(key, value).map(Setting::Time)
}

fn some_time(key: &str, value: &Expr) -> Result<Setting> {
    args::some_duration(key, value).map(Setting::Time)
}

fn window(key: &str, value: &Expr) -> Result<Setting> {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    match args::duration(key, value)? {
        time if time < Duration::from_millis(1) || time > DAY => {
            Err(Error::new_spanned(value, format_args!("`{key}` must be from 1 ms to 24 h")))
        }
        time => Ok(Setting::Time(time)),
    }
}

fn factor(key: &str, value: &Expr) -> Result<Setting> {
    args::factor(key, value).map(Setting::Number)
}

fn rate(key: &str, value: &Expr) -> Result<Setting> {
    match args::decimal(value)? {
        Some(rate) if rate > 0.0 && rate <= 1.0 => Ok(Setting::Number(rate)),
        _ => {
            Err(Error::new_spanned(value, format_args!("`{key}` must be a number greater than 0, to 1, such as `0.5`")))
        }
    }
}

fn share(key: &str, value: &Expr) -> Result<Setting> {
    match args::decimal(value)? {
        Some(share) if (0.0..=1.0).contains(&share) => Ok(Setting::Number(share)),
        _ => Err(Error::new_spanned(value, format_args!("`{key}` must be a number from 0 to 1, such as `0.2`"))),
    }
}

fn flag(key: &str, value: &Expr) -> Result<Setting> {
    args::flag(key, value).map(Setting::Flag)
}
