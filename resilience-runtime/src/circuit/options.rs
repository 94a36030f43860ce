//! Defines the options of a circuit breaker and their ranges.

use std::fmt;
use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
#[cfg(feature = "config")]
use crate::base::raw::{Raw, Setting};

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

            /// Leaves out each option whose name is not in `names`.
            #[cfg(feature = "config")]
            pub(crate) fn only(self, names: &[&str]) -> Self {
                Self { $($option: self.$option.filter(|_| names.contains(&stringify!($option))),)* }
            }

            /// Sets each option that is absent in `self` to its value in `others`.
            pub(crate) fn each_or(self, others: Self) -> Self {
                Self { $($option: self.$option.or(others.$option),)* }
            }

            /// Removes each option that is set in `others`, and returns the removed options.
            pub(crate) fn take(&mut self, others: Self) -> Self {
                Self { $($option: others.$option.and_then(|_| self.$option.take()),)* }
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

/// The default of the option `max_keys`, for the circuits and for all other layers of one name.
pub(crate) const MAX_KEYS: u32 = 10_000;

impl Options {
    /// Merges two sets of options. If an option is set in `self` and in `others`, the value in `self` applies.
    ///
    /// A rule consists of the options that decide when the circuit opens, for example `threshold` and `window`. If the
    /// rules of `self` and `others` are valid, but the merged rule is invalid, all options of the rule come from
    /// `self`. If the merged `cooldown` would be longer than the merged `max_cooldown`, both options come from `self`.
    pub(crate) fn or(self, others: Self) -> Self {
        let mut both = self.over(others);
        if self.too_long_with(others).is_some() {
            (both.cooldown, both.max_cooldown) = (self.cooldown, self.max_cooldown);
        }
        both
    }

    /// Works like [`or`](Self::or), but keeps a `cooldown` that is longer than `max_cooldown`. The method
    /// [`check`](Self::check) then returns an error.
    pub(crate) fn over(self, others: Self) -> Self {
        let both = self.each_or(others);
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

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

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
