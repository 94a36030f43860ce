//! Defines the options of `#[retry]`, and parses the values of these options.

use syn::{Expr, Lit, Result};

use crate::layers::settings::{COUNT, FACTOR, FLAG, Reader, Setting, TIME};
use crate::layers::synonyms;
use crate::parse::args::options;
use crate::parse::constant::Kind;
use crate::parse::value;

options! {
    pub(super) enum Opt: synonyms::RETRY {
        Name = "name",
        With = "with",
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
        CostOk = "cost_ok",
        RetryIf = "retry_if",
        RetryIfOk = "retry_if_ok",
        RetryAfter = "retry_after",
        RetryAfterOk = "retry_after_ok",
        OnRetry = "on_retry",
        Attempt = "attempt",
        Clone = "clone",
        Crate = "crate",
    }
}

/// The settings of the attribute, each with its parser. The expansion passes the settings to the runtime in this order.
pub(super) const SETTINGS: [(Opt, Reader); 8] = [
    (Opt::Max, COUNT),
    (Opt::Delay, TIME),
    (Opt::Backoff, FACTOR),
    (Opt::MaxDelay, TIME),
    (Opt::Jitter, (Kind::Enum("Jitter"), jitter)),
    (Opt::MaxElapsed, TIME),
    (Opt::CountNested, FLAG),
    (Opt::RetryRejected, FLAG),
];

/// The options whose value is a function of the user, in the order in which the runtime calls the functions. Leaves out
/// `retry_after` and `retry_after_ok`, because a retry can also take these functions from a circuit below.
pub(super) const RULES: [Opt; 5] = [Opt::RetryIf, Opt::RetryIfOk, Opt::Cost, Opt::CostOk, Opt::OnRetry];

/// The allowed values of the option `jitter`, each with a variant of the enum `Jitter` in the runtime crate.
const JITTERS: [(&str, &str); 3] = [("full", "Full"), ("equal", "Equal"), ("decorrelated", "Decorrelated")];

fn jitter(key: &str, value: &Expr) -> Result<Setting> {
    let known = |name: &str| JITTERS.iter().find(|(known, _)| *known == name);
    match value::literal(value) {
        Some(Lit::Str(name)) => known(&name.value()).map(|(_, name)| Setting::Variant { of: "Jitter", name }),
        _ => None,
    }
    .ok_or_else(|| {
        let names = JITTERS.map(|(name, _)| format!("\"{name}\"")).join(", ");
        value::invalid(key, value, format_args!("one of {names}"))
    })
}
