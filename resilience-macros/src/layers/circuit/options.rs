//! Defines the options of `#[circuit]`, and parses the values of these options.

use syn::{Expr, Result};

use crate::layers::limits;
use crate::layers::settings::{Reader, Setting, count, factor, flag, time};
use crate::layers::synonyms;
use crate::parse::args::options;
use crate::parse::value;

options! {
    pub(super) enum Opt: synonyms::CIRCUIT {
        Name = "name",
        Key = "key",
        MaxKeys = "max_keys",
        With = "with",
        Threshold = "threshold",
        Window = "window",
        Calls = "calls",
        FailureRate = "failure_rate",
        SlowCall = "slow_call",
        SlowRate = "slow_rate",
        MinCalls = "min_calls",
        Cooldown = "cooldown",
        CooldownFactor = "cooldown_factor",
        MaxCooldown = "max_cooldown",
        CooldownJitter = "cooldown_jitter",
        HalfOpenMax = "half_open_max",
        TrialTimeout = "trial_timeout",
        HungAfter = "hung_after",
        Count = "count",
        Shadow = "shadow",
        FailureIf = "failure_if",
        FailureIfOk = "failure_if_ok",
        RetryAfter = "retry_after",
        Open = "open",
        Crate = "crate",
    }
}

/// The options whose values the expansion passes to the runtime, in the order of this list.
pub(super) const SETTINGS: [(Opt, Reader); 17] = [
    (Opt::Threshold, count),
    (Opt::Window, window),
    (Opt::Calls, |key, value| value::whole(key, value, &limits::CIRCUIT_CALLS).map(Setting::Count)),
    (Opt::FailureRate, rate),
    (Opt::SlowCall, some_time),
    (Opt::SlowRate, rate),
    (Opt::MinCalls, count),
    (Opt::Cooldown, time),
    (Opt::CooldownFactor, factor),
    (Opt::MaxCooldown, some_time),
    (Opt::CooldownJitter, share),
    (Opt::HalfOpenMax, count),
    (Opt::TrialTimeout, some_time),
    (Opt::HungAfter, some_time),
    (Opt::Count, counting),
    (Opt::Shadow, flag),
    (Opt::MaxKeys, |key, value| value::whole(key, value, &limits::CIRCUIT_MAX_KEYS).map(Setting::Count)),
];

fn some_time(key: &str, value: &Expr) -> Result<Setting> {
    value::some_duration(key, value).map(Setting::Time)
}

fn counting(key: &str, value: &Expr) -> Result<Setting> {
    let choice = value::choice(key, value, &["attempts", "requests"])?;
    Ok(Setting::Variant { of: "Counting", name: ["Attempts", "Requests"][choice] })
}

fn window(key: &str, value: &Expr) -> Result<Setting> {
    match value::duration(key, value)? {
        time if limits::CIRCUIT_WINDOW.contains(&time) => Ok(Setting::Time(time)),
        _ => Err(value::invalid(key, value, "from 1 ms to 24 h")),
    }
}

fn rate(key: &str, value: &Expr) -> Result<Setting> {
    match value::decimal(value)? {
        Some(rate) if rate > 0.0 && rate <= 1.0 => Ok(Setting::Number(rate)),
        _ => Err(value::invalid(key, value, "a number greater than 0, to 1, such as `0.5`")),
    }
}

fn share(key: &str, value: &Expr) -> Result<Setting> {
    match value::decimal(value)? {
        Some(share) if limits::CIRCUIT_COOLDOWN_JITTER.contains(&share) => Ok(Setting::Number(share)),
        _ => Err(value::invalid(key, value, "a number from 0 to 1, such as `0.2`")),
    }
}
