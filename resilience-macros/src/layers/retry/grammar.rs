use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::{Error, Expr, Lit, Path, Result};

use super::rules;
use crate::error::Errors;
use crate::layers::settings::{Setting, Settings};
use crate::parse::args::Args;
use crate::parse::value as args;
use crate::pipeline::Layer;

/// What one `#[retry(..)]` says.
pub(crate) struct Retry {
    /// The numbers that are written, under their names.
    pub(crate) settings: Settings,
    /// The user's functions, under their names, in the order in which they are asked.
    pub(crate) rules: Vec<(&'static str, TokenStream)>,
    retry_after: Option<TokenStream>,
    pub(crate) budget: Option<Budget>,
    /// The name under which the body sees the number of the attempt.
    pub(crate) attempt: Option<Ident>,
    pub(crate) clone: Vec<Ident>,
}

pub(crate) enum Budget {
    /// The path of a static.
    Shared(TokenStream),
    /// What makes one for this function alone.
    Own(TokenStream),
}

type Read = fn(&str, &Expr) -> Result<Setting>;

const SETTINGS: [(&str, Read); 7] = [
    ("max", |key, value| args::count(key, value).map(Setting::Count)),
    ("delay", time),
    ("backoff", |key, value| args::factor(key, value).map(Setting::Number)),
    ("max_delay", time),
    ("jitter", jitter),
    ("max_elapsed", time),
    ("count_nested", |key, value| args::flag(key, value).map(Setting::Flag)),
];

const RULES: [&str; 4] = ["retry_if", "retry_if_ok", "cost", "on_retry"];

const OPTIONS: [&str; 16] = [
    "max",
    "delay",
    "backoff",
    "max_delay",
    "jitter",
    "max_elapsed",
    "count_nested",
    "budget",
    "cost",
    "retry_if",
    "retry_if_ok",
    "retry_after",
    "on_retry",
    "attempt",
    "clone",
    "crate",
];

/// What the attribute writes, and the variant of the runtime's `Jitter`.
const JITTERS: [(&str, &str); 3] = [("full", "Full"), ("equal", "Equal"), ("decorrelated", "Decorrelated")];

impl Retry {
    /// The layer, and the path of the runtime where it is given.
    pub(crate) fn parse(span: Span, tokens: TokenStream, errors: &mut Errors) -> (Option<Self>, Option<Path>) {
        let mut args = Args::parse(span, tokens, &OPTIONS, errors);
        let mut settings = Vec::new();
        let mut readable = !args.is_broken();
        for (key, read) in SETTINGS {
            if let Some(ident) = args.key(key) {
                let setting = args.read(key, errors, read).map(|setting| (ident, setting));
                readable &= setting.is_some();
                settings.extend(setting);
            }
        }
        // A setting that could not be read has been reported, and must not be missed here.
        if readable {
            rules::check(&settings, errors);
        }
        if let (Some(cost), None, false) = (args.key("cost"), args.key("budget"), args.is_broken()) {
            errors.push(cost.span(), "`cost` needs `budget = ..` beside it: nothing is paid otherwise");
        }
        let rule = |key| Some((key, args.read(key, errors, args::function)?));
        let retry = Self {
            settings,
            rules: RULES.into_iter().filter_map(rule).collect(),
            retry_after: args.read("retry_after", errors, args::function),
            budget: args.read("budget", errors, budget),
            attempt: args.read("attempt", errors, args::binding),
            clone: args.list("clone", errors),
        };
        (Some(retry), args.read("crate", errors, args::path))
    }

    /// What finds in an error how long to wait: its own function, or that of the topmost circuit below that has one.
    pub(crate) fn retry_after<'a>(&'a self, below: impl IntoIterator<Item = &'a Layer>) -> Option<&'a TokenStream> {
        let of = |layer: &'a Layer| match layer {
            Layer::Circuit(circuit) => circuit.judge.retry_after.as_ref(),
            _ => None,
        };
        self.retry_after.as_ref().or_else(|| below.into_iter().find_map(of))
    }
}

fn time(key: &str, value: &Expr) -> Result<Setting> {
    args::duration(key, value).map(Setting::Time)
}

fn jitter(key: &str, value: &Expr) -> Result<Setting> {
    let known = |name: &str| JITTERS.iter().find(|(known, _)| *known == name);
    match args::literal(value) {
        Some(Lit::Str(name)) => known(&name.value()).map(|(_, variant)| Setting::Jitter(variant)),
        _ => None,
    }
    .ok_or_else(|| {
        let names = JITTERS.map(|(name, _)| format!("\"{name}\"")).join(", ");
        Error::new_spanned(value, format_args!("`{key}` must be one of {names}"))
    })
}

fn budget(key: &str, value: &Expr) -> Result<Budget> {
    match args::peel(value) {
        Expr::Path(path) => Ok(Budget::Shared(path.to_token_stream())),
        Expr::Lit(_) | Expr::Closure(_) | Expr::Field(_) | Expr::Reference(_) => {
            let message =
                format_args!("`{key}` must be the path of a static `RetryBudget`, or an expression that makes one");
            Err(Error::new_spanned(value, message))
        }
        expr => Ok(Budget::Own(expr.to_token_stream())),
    }
}
