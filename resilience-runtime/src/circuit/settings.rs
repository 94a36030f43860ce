//! Defines the options of a circuit breaker, their ranges and defaults, and the settings that result from the options.

use std::fmt;
use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
use crate::base::interner::Interner;
#[cfg(feature = "config")]
use crate::base::raw::{Raw, Setting};
use crate::base::sync::Arc;

/// Calls the macro `$with` with one line for each option of a circuit. Each line contains a variant of `CircuitOption`,
/// a field of `Options`, and the type of the field.
macro_rules! circuit_options {
    ($with:ident) => {
        $with! {
            Threshold threshold: u32,
            Window window: Duration,
            Calls calls: u32,
            FailureRate failure_rate: f64,
            SlowCall slow_call: Duration,
            SlowRate slow_rate: f64,
            MinCalls min_calls: u32,
            Cooldown cooldown: Duration,
            CooldownFactor cooldown_factor: f64,
            MaxCooldown max_cooldown: Duration,
            CooldownJitter cooldown_jitter: f64,
            HalfOpenMax half_open_max: u32,
            TrialTimeout trial_timeout: Duration,
            HungAfter hung_after: Duration,
            Count count: Counting,
            Shadow shadow: bool,
            Durations durations: bool,
            MaxKeys max_keys: u32,
        }
    };
}
pub(crate) use circuit_options;

macro_rules! options {
    ($($name:ident $option:ident: $type:ty,)*) => {
        /// The name of an option of a circuit, without a value.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum CircuitOption {
            $($name,)*
        }

        impl CircuitOption {
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($option),)*
                }
            }
        }

        /// The options that one attribute or builder sets.
        #[derive(Clone, Copy, Debug, Default, PartialEq)]
        pub(crate) struct Options {
            $(pub(crate) $option: Option<$type>,)*
        }

        impl Options {
            pub(crate) const NONE: Self = Self { $($option: None,)* };

            /// Calls `see` for each option that is set, in the order of the macro `circuit_options!`.
            pub(crate) fn each(&self, mut see: impl FnMut(CircuitOption, Value)) {
                $(
                    if let Some(value) = self.$option {
                        see(CircuitOption::$name, value.into());
                    }
                )*
            }

            pub(crate) fn get(&self, option: CircuitOption) -> Option<Value> {
                match option {
                    $(CircuitOption::$name => self.$option.map(Value::from),)*
                }
            }

            /// Returns the value of the option `max_keys`, or the default.
            pub(crate) fn max_keys(&self) -> u32 {
                self.max_keys.unwrap_or(MAX_KEYS)
            }

            /// The names of all options.
            #[cfg(feature = "config")]
            pub(crate) const NAMES: &'static [&'static str] = &[$(stringify!($option)),*];

            /// Sets the option with the name `option` to a value from a configuration file or an environment variable.
            #[cfg(feature = "config")]
            pub(crate) fn set(&mut self, option: &str, raw: &Raw) -> Result<(), std::borrow::Cow<'static, str>> {
                $(
                    if option == stringify!($option) {
                        self.$option = Some(Setting::read(raw)?);
                    }
                )*
                Ok(())
            }

            /// Sets each option that is absent in `self` to its value in `others`.
            pub(crate) fn each_or(self, others: Self) -> Self {
                Self { $($option: self.$option.or(others.$option),)* }
            }
        }
    };
}
circuit_options!(options);

/// Selects the failures that a circuit counts. With `Attempts`, the circuit counts the failures of all attempts of a
/// call. With `Requests`, the circuit counts only the failures of first attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)] // This type needs no docs: only the hidden module `__private` exports it.
pub enum Counting {
    Attempts,
    Requests,
}

#[cfg(feature = "config")]
impl Setting for Counting {
    fn read(raw: &Raw) -> Result<Self, std::borrow::Cow<'static, str>> {
        raw.choice([("attempts", Self::Attempts), ("requests", Self::Requests)])
    }
}

impl From<Counting> for Value {
    fn from(counting: Counting) -> Self {
        Self::Word(match counting {
            Counting::Attempts => "attempts",
            Counting::Requests => "requests",
        })
    }
}

// Each of the following constants limits the value of an option. A constant whose name ends in `_LIMIT` is the smallest
// number that is too large.
const SHORTEST_WINDOW: Duration = Duration::from_millis(1);
const LONGEST_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);
pub(crate) const CALLS_LIMIT: u32 = 1 << 16;
const KEYS_LIMIT: u32 = 10_000_000;

// The following constants are the defaults of options. The default of `trial_timeout` is the cooldown, but at least
// `SHORTEST_TRIAL_TIMEOUT`.
const THRESHOLD: u32 = 3;
const COOLDOWN: Duration = Duration::from_secs(30);
const COOLDOWN_FACTOR: f64 = 1.0;
const COOLDOWN_JITTER: f64 = 0.0;
const MAX_COOLDOWN: Duration = Duration::from_secs(60 * 60);
const HALF_OPEN_MAX: u32 = 1;
const SHORTEST_TRIAL_TIMEOUT: Duration = Duration::from_secs(30);
const MAX_KEYS: u32 = 10_000;

impl Options {
    /// Merges two sets of options. If an option is set in `self` and in `others`, the value in `self` applies.
    ///
    /// A rule consists of the options that decide when the circuit opens, for example `threshold` and `window`. If the
    /// rules of `self` and `others` are valid, but the merged rule is invalid, all options of the rule come from
    /// `self`. If the merged `cooldown` would be longer than the merged `max_cooldown`, both options come from `self`.
    pub(crate) fn or(self, others: Self) -> Self {
        let mut both = self.each_or(others);
        if self.too_long_with(others).is_some() {
            (both.cooldown, both.max_cooldown) = (self.cooldown, self.max_cooldown);
        }
        if self.mixed_with(others).is_none() {
            return both;
        }
        Self {
            threshold: self.threshold,
            window: self.window,
            calls: self.calls,
            failure_rate: self.failure_rate,
            slow_call: self.slow_call,
            slow_rate: self.slow_rate,
            min_calls: self.min_calls,
            ..both
        }
    }

    /// Checks whether the merged `cooldown` would be longer than the merged `max_cooldown`. If so, returns the option
    /// of `others` that causes the conflict, the allowed range of this option, and its value in `others`.
    pub(crate) fn too_long_with(self, others: Self) -> Option<(CircuitOption, String, Value)> {
        let too_long = |cooldown, max| cooldown > max;
        match (self.cooldown, self.max_cooldown, others.cooldown, others.max_cooldown) {
            (Some(cooldown), None, _, Some(max)) if too_long(cooldown, max) => {
                Some((CircuitOption::MaxCooldown, format!("at least {}", Value::Time(cooldown)), Value::Time(max)))
            }
            (None, Some(max), Some(cooldown), _) if too_long(cooldown, max) => {
                Some((CircuitOption::Cooldown, format!("at most {}", Value::Time(max)), Value::Time(cooldown)))
            }
            _ => None,
        }
    }

    /// Merges the rules in `self` and in `others`, and checks the merged rule. Returns an error if both rules are
    /// valid, but the merged rule is invalid. Otherwise, returns `None`.
    pub(crate) fn mixed_with(self, others: Self) -> Option<ConfigError> {
        self.check_rule().and(others.check_rule()).ok()?;
        self.each_or(others).check_rule().err()
    }

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        self.check_ranges()?;
        if let (Some(cooldown), Some(max)) = (self.cooldown, self.max_cooldown) {
            if max < cooldown {
                return Err(ConfigError::new("max_cooldown", format!("{max:?}"), "at least as long as `cooldown`"));
            }
        }
        self.check_rule()
    }

    /// Checks the range of each option.
    pub(crate) fn check_ranges(&self) -> Result<(), ConfigError> {
        let mut error = None;
        self.each(|option, value| {
            if let Some(allowed) = forbidden(option, value) {
                error.get_or_insert_with(|| ConfigError::new(option.as_str(), value.to_string(), allowed));
            }
        });
        error.map_or(Ok(()), Err)
    }

    /// Checks whether the options that decide when the circuit opens can be combined.
    pub(crate) fn check_rule(&self) -> Result<(), ConfigError> {
        let Self { threshold, window, calls, failure_rate, slow_call, slow_rate, min_calls, .. } = *self;
        let rate = failure_rate.map(|rate| ("failure_rate", rate)).or(slow_rate.map(|rate| ("slow_rate", rate)));
        let error =
            |option, value: &dyn fmt::Display, allowed| Err(ConfigError::new(option, value.to_string(), allowed));
        match (window, calls, rate, threshold, min_calls) {
            (Some(_), Some(calls), ..) => error("calls", &calls, "without `window`: the one or the other"),
            (_, _, Some(_), Some(threshold), _) => {
                error("threshold", &threshold, "without `failure_rate` and `slow_rate`: the one or the others")
            }
            (None, None, Some((option, rate)), ..) => error(option, &rate, "beside `window` or `calls`"),
            (_, _, Some((option, rate)), _, None) => error(option, &rate, "beside `min_calls`"),
            (_, _, None, _, Some(min)) => error("min_calls", &min, "beside `failure_rate` or `slow_rate`"),
            (Some(window), _, None, None, _) => {
                error("window", &Value::Time(window), "beside `threshold`, `failure_rate` or `slow_rate`")
            }
            (_, Some(calls), None, None, _) => {
                error("calls", &calls, "beside `threshold`, `failure_rate` or `slow_rate`")
            }
            (_, Some(calls), _, _, Some(min)) if min > calls => error("min_calls", &min, "at most `calls`"),
            (_, Some(calls), _, Some(threshold), _) if threshold > calls => {
                error("threshold", &threshold, "at most `calls`")
            }
            _ => match (slow_call, slow_rate) {
                (Some(time), None) => error("slow_call", &Value::Time(time), "beside `slow_rate`"),
                (None, Some(rate)) => error("slow_rate", &rate, "beside `slow_call`"),
                _ => Ok(()),
            },
        }
    }
}

/// Returns a description of the allowed values if `value` is not allowed. Returns `None` if `value` is allowed.
fn forbidden(option: CircuitOption, value: Value) -> Option<&'static str> {
    match (option, value) {
        (CircuitOption::MaxKeys, Value::Count(0 | KEYS_LIMIT..)) => Some("a whole number from 1 to 9999999"),
        (CircuitOption::Calls, Value::Count(0 | CALLS_LIMIT..)) => Some("a whole number from 1 to 65535"),
        (_, Value::Count(0)) => Some("a whole number of at least 1"),
        (CircuitOption::Window, Value::Time(time)) if !(SHORTEST_WINDOW..=LONGEST_WINDOW).contains(&time) => {
            Some("from 1 ms to 24 h")
        }
        (
            CircuitOption::TrialTimeout
            | CircuitOption::HungAfter
            | CircuitOption::SlowCall
            | CircuitOption::MaxCooldown,
            Value::Time(Duration::ZERO),
        ) => Some("longer than zero"),
        (_, Value::Time(time)) if !fits(time) => Some(LONGEST),
        (CircuitOption::CooldownFactor, Value::Number(factor)) if !(factor.is_finite() && factor >= 1.0) => {
            Some("a finite number of at least 1")
        }
        (CircuitOption::CooldownJitter, Value::Number(share)) if !(0.0..=1.0).contains(&share) => Some("from 0 to 1"),
        (CircuitOption::FailureRate | CircuitOption::SlowRate, Value::Number(rate)) if !(rate > 0.0 && rate <= 1.0) => {
            Some("greater than 0, to 1")
        }
        _ => None,
    }
}

/// The rule that decides when a circuit opens.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    /// The circuit opens after `threshold` failures in a row.
    Consecutive { threshold: u32 },
    /// The circuit opens when the failed or slow calls in a window of recent calls reach a limit.
    Window { span: Span, limit: Limit },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Time(Duration),
    Calls(u32),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    Failures(u32),
    Rates { min_calls: u32, failure_rate: Option<f64>, slow_rate: Option<f64> },
}

/// The settings of a breaker, with the default of each option that is not set.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) rule: Rule,
    /// The shortest duration of a slow call, or `None` if no call counts as slow.
    pub(crate) slow_call: Option<Duration>,
    pub(crate) cooldown: Duration,
    pub(crate) cooldown_factor: f64,
    pub(crate) max_cooldown: Duration,
    pub(crate) cooldown_jitter: f64,
    pub(crate) half_open_max: u32,
    pub(crate) trial_timeout: Duration,
    /// The shortest duration at which a cancelled call counts as a failure. This duration also applies to a call that
    /// the caller's deadline ended. With `None`, these calls never count as failures.
    pub(crate) hung_after: Option<Duration>,
    /// Whether only first attempts can open the closed circuit. If so, a failure of a later attempt of a retry or a
    /// hedge appears only in the totals.
    pub(crate) count_requests: bool,
    pub(crate) shadow: bool,
    /// Whether the metrics show the durations of calls.
    pub(crate) durations: bool,
}

impl Settings {
    /// Returns the settings that result from `options`. Breakers with equal settings usually share one copy, which
    /// saves memory.
    pub(crate) fn shared(options: Options) -> Arc<Self> {
        static NEWEST: Interner<Settings> = Interner::new();
        NEWEST.intern(Self::from(options))
    }

    /// Returns the number of failures at which the circuit opens, or zero if the circuit has a `failure_rate` or a
    /// `slow_rate`.
    pub(crate) fn threshold(&self) -> u32 {
        match self.rule {
            Rule::Consecutive { threshold } | Rule::Window { limit: Limit::Failures(threshold), .. } => threshold,
            Rule::Window { .. } => 0,
        }
    }

    pub(crate) fn span(&self) -> Option<Span> {
        match self.rule {
            Rule::Consecutive { .. } => None,
            Rule::Window { span, .. } => Some(span),
        }
    }

    /// Returns whether the circuit needs more than the outcome of a call. For example, a circuit that counts slow calls
    /// needs the duration of the call.
    pub(crate) fn timed(&self) -> bool {
        let has_time = self.durations || self.slow_call.is_some();
        self.count_requests || has_time || matches!(self.span(), Some(Span::Time(_)))
    }

    /// Returns the cooldown after the `n`th opening since the circuit last closed. `draw` is a random number from 0 to
    /// 1.
    ///
    /// The cooldown is the longer of two times: the circuit's own cooldown, and the delay `hint` that the service asked
    /// for. The circuit's own cooldown is `cooldown * cooldown_factor^(n - 1)`. The jitter extends both times by the
    /// share `cooldown_jitter * draw`. Without jitter, clients with an equal `hint` would call the service again at the
    /// same time. The result is at most `max_cooldown`.
    pub(crate) fn nth_cooldown(&self, n: u32, hint: Duration, draw: f64) -> Duration {
        let exponent = i32::try_from(n.saturating_sub(1)).unwrap_or(i32::MAX);
        let jitter = 1.0 + self.cooldown_jitter * draw;
        let own = times(self.cooldown, self.cooldown_factor.powi(exponent) * jitter);
        own.max(times(hint, jitter)).min(self.max_cooldown)
    }
}

/// Multiplies `time` by `factor`, which is at least 1. Returns `Duration::MAX` if the product is too large.
fn times(time: Duration, factor: f64) -> Duration {
    // If the factor is 1, returns `time` itself, because a conversion to `f64` would round the time. If the time is
    // zero, the multiplication below must not run, because zero times an infinite factor is NaN.
    if factor <= 1.0 || time.is_zero() {
        return time;
    }
    Duration::try_from_secs_f64(time.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

impl From<Options> for Settings {
    fn from(options: Options) -> Self {
        let Options { threshold, window, calls, failure_rate, slow_call, slow_rate, min_calls, .. } = options;
        let span = window.map(Span::Time).or(calls.map(Span::Calls));
        let threshold = threshold.unwrap_or(THRESHOLD);
        let rule = match (span, min_calls) {
            (None, _) => Rule::Consecutive { threshold },
            (Some(span), None) => Rule::Window { span, limit: Limit::Failures(threshold) },
            (Some(span), Some(min_calls)) => {
                Rule::Window { span, limit: Limit::Rates { min_calls, failure_rate, slow_rate } }
            }
        };
        let default = options.max_cooldown.map_or(COOLDOWN, |max| max.min(COOLDOWN));
        let cooldown = options.cooldown.unwrap_or(default);
        Self {
            rule,
            slow_call,
            cooldown,
            cooldown_factor: options.cooldown_factor.unwrap_or(COOLDOWN_FACTOR),
            max_cooldown: options.max_cooldown.unwrap_or(MAX_COOLDOWN).max(cooldown),
            cooldown_jitter: options.cooldown_jitter.unwrap_or(COOLDOWN_JITTER),
            half_open_max: options.half_open_max.unwrap_or(HALF_OPEN_MAX),
            trial_timeout: options.trial_timeout.unwrap_or(cooldown.max(SHORTEST_TRIAL_TIMEOUT)),
            hung_after: options.hung_after,
            count_requests: options.count == Some(Counting::Requests),
            shadow: options.shadow.unwrap_or(false),
            durations: options.durations.unwrap_or(false),
        }
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn cooldown_is_longer_of_own_and_hint() {
        let ms = Duration::from_millis;
        let settings = Settings::from(Options {
            cooldown: Some(ms(10_000)),
            cooldown_factor: Some(2.0),
            max_cooldown: Some(ms(100_000)),
            cooldown_jitter: Some(0.5),
            ..Options::NONE
        });
        for (n, hint, draw, cooldown) in [
            (1, ms(0), 0.0, ms(10_000)),
            (1, ms(10), 0.0, ms(10_000)),
            (1, ms(0), 0.5, ms(12_500)),
            (1, ms(30_000), 0.0, ms(30_000)),
            (1, ms(30_000), 0.5, ms(37_500)),
            (2, ms(30_000), 0.5, ms(37_500)),
            (3, ms(30_000), 0.5, ms(50_000)),
            (1, ms(90_000), 0.5, ms(100_000)),
            (9, Duration::MAX, 0.5, ms(100_000)),
        ] {
            assert_eq!(settings.nth_cooldown(n, hint, draw), cooldown, "{n}, {hint:?}, {draw}");
        }
    }

    #[test]
    fn where_two_rules_do_not_go_together_the_first_stays_as_it_is() {
        let (threshold, calls, window) = (Some(4), Some(9), Some(Duration::from_secs(60)));
        let row = Options { threshold, ..Options::NONE };
        let failures = Options { failure_rate: Some(0.5), min_calls: Some(3), calls, ..Options::NONE };
        let slow = Options { slow_rate: Some(0.5), slow_call: window, min_calls: Some(3), window, ..Options::NONE };
        let rules = [
            row,
            failures,
            slow,
            Options { threshold, calls, ..Options::NONE },
            Options { threshold, window, ..Options::NONE },
        ];
        let cooldown = Some(Duration::from_secs(7));
        let mut mixed = 0;
        for (first, second) in rules.into_iter().flat_map(|first| rules.map(|second| (first, second))) {
            if first.mixed_with(second).is_some() {
                mixed += 1;
                let both = first.or(Options { cooldown, ..second });
                assert_eq!(both, Options { cooldown, ..first }, "{first:?} and {second:?}");
            }
        }
        assert_eq!(mixed, 16, "of 20 pairs all but those of `threshold` and a span");
    }
}
