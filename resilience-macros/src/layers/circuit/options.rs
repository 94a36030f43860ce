//! Defines the options of `#[circuit]`, and parses the values of these options.

use syn::{Expr, Result};

use crate::layers::limits;
use crate::layers::settings::{COUNT, FACTOR, FLAG, KEYS, Reader, Setting, TIME};
use crate::layers::synonyms;
use crate::parse::args::options;
use crate::parse::constant::Kind;
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
        Durations = "durations",
        Stream: flag = "stream",
        FailureIf = "failure_if",
        FailureIfOk = "failure_if_ok",
        RetryAfter = "retry_after",
        RetryAfterOk = "retry_after_ok",
        Error = "error",
        Crate = "crate",
    }
}

/// The settings of the attribute, each with its parser. The expansion passes the settings to the runtime in this order.
pub(super) const SETTINGS: [(Opt, Reader); 18] = [
    (Opt::Threshold, COUNT),
    (Opt::Window, (Kind::time_within(&limits::CIRCUIT_WINDOW), window)),
    (Opt::Calls, (Kind::whole(&limits::CIRCUIT_CALLS), calls)),
    (Opt::FailureRate, RATE),
    (Opt::SlowCall, SOME_TIME),
    (Opt::SlowRate, RATE),
    (Opt::MinCalls, COUNT),
    (Opt::Cooldown, TIME),
    (Opt::CooldownFactor, FACTOR),
    (Opt::MaxCooldown, SOME_TIME),
    (Opt::CooldownJitter, (Kind::Share, share)),
    (Opt::HalfOpenMax, COUNT),
    (Opt::TrialTimeout, SOME_TIME),
    (Opt::HungAfter, SOME_TIME),
    (Opt::Count, (Kind::Word("counting"), counting)),
    (Opt::Shadow, FLAG),
    (Opt::Durations, FLAG),
    (Opt::MaxKeys, KEYS),
];

const RATE: Reader = (Kind::Rate, rate);
const SOME_TIME: Reader = (Kind::SomeTime, some_time);

fn calls(key: &str, value: &Expr) -> Result<Setting> {
    value::whole(key, value, &limits::CIRCUIT_CALLS).map(Setting::Count)
}

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
