//! Defines the options of `#[retry]`, and reads the values of its settings.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Error, Expr, Lit, Result};

use crate::layers::settings::{Reader, Setting, count, factor, flag, time};
use crate::parse::args::options;
use crate::parse::value;

options! {
    pub(super) enum Opt {
        Max = "max",
        Delay = "delay",
        Backoff = "backoff",
        MaxDelay = "max_delay",
        Jitter = "jitter",
        MaxElapsed = "max_elapsed",
        CountNested = "count_nested",
        RetryRejected = "retry_rejected",
        Budget = "budget",
        Cost = "cost",
        RetryIf = "retry_if",
        RetryIfOk = "retry_if_ok",
        RetryAfter = "retry_after",
        OnRetry = "on_retry",
        Attempt = "attempt",
        Clone = "clone",
        Crate = "crate",
    }
}

/// The options that are settings of the retry, each with the function that reads its value. The expansion passes the
/// settings to the runtime in this order.
pub(super) const SETTINGS: [(Opt, Reader); 8] = [
    (Opt::Max, count),
    (Opt::Delay, time),
    (Opt::Backoff, factor),
    (Opt::MaxDelay, time),
    (Opt::Jitter, jitter),
    (Opt::MaxElapsed, time),
    (Opt::CountNested, flag),
    (Opt::RetryRejected, flag),
];

/// The options whose value is a function of the user, except `retry_after`. The runtime calls the functions in this
/// order.
pub(super) const RULES: [Opt; 4] = [Opt::RetryIf, Opt::RetryIfOk, Opt::Cost, Opt::OnRetry];

/// The allowed values of the option `jitter`, each with the variant of the runtime's `Jitter`.
const JITTERS: [(&str, &str); 3] = [("full", "Full"), ("equal", "Equal"), ("decorrelated", "Decorrelated")];

pub(super) enum Budget {
    /// The path of a `static` budget, which several functions may share.
    Shared(TokenStream),
    /// An expression that creates a budget for this function alone.
    Own(TokenStream),
}

fn jitter(key: &str, value: &Expr) -> Result<Setting> {
    let known = |name: &str| JITTERS.iter().find(|(known, _)| *known == name);
    match value::literal(value) {
        Some(Lit::Str(name)) => known(&name.value()).map(|(_, name)| Setting::Variant { of: "Jitter", name }),
        _ => None,
    }
    .ok_or_else(|| {
        let names = JITTERS.map(|(name, _)| format!("\"{name}\"")).join(", ");
        Error::new_spanned(value, format_args!("`{key}` must be one of {names}"))
    })
}

pub(super) fn budget(key: &str, value: &Expr) -> Result<Budget> {
    match value::peel(value) {
        Expr::Path(path) => Ok(Budget::Shared(path.to_token_stream())),
        Expr::Lit(_) | Expr::Closure(_) | Expr::Field(_) | Expr::Reference(_) => {
            let message =
                format!("`{key}` must be the path of a static `RetryBudget`, or an expression that makes one");
            Err(Error::new_spanned(value, message))
        }
        expr => Ok(Budget::Own(expr.to_token_stream())),
    }
}
