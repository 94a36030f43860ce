//! Defines the settings of a circuit breaker, which result from its options, and the defaults of the options.

use std::time::Duration;

use crate::base::interner::Interner;
use crate::base::sync::Arc;
use crate::circuit::options::{Counting, Options};

// The following constants are the defaults of options. The default of `trial_timeout` is the cooldown, but at least
// `SHORTEST_TRIAL_TIMEOUT`.
const THRESHOLD: u32 = 3;
const COOLDOWN: Duration = Duration::from_secs(30);
const COOLDOWN_FACTOR: f64 = 1.0;
const COOLDOWN_JITTER: f64 = 0.0;
const MAX_COOLDOWN: Duration = Duration::from_secs(60 * 60);
const HALF_OPEN_MAX: u32 = 1;
const SHORTEST_TRIAL_TIMEOUT: Duration = Duration::from_secs(30);

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
}
