use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::ConfigError;
#[cfg(feature = "config")]
use crate::base::raw::{Raw, Setting};

/// Selects how the pauses between attempts are randomized.
///
/// Jitter spreads retries over time if many calls fail at the same moment. The formulas come from Marc Brooker,
/// *Exponential Backoff And Jitter* (AWS Architecture Blog, 2015). In the formulas, `u` is a random number from 0 to 1,
/// and `x` is the pause without jitter, at most [`max_delay`](crate::RetryBuilder::max_delay).
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{Jitter, RetryPolicy};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = RetryPolicy::builder().delay(Duration::from_millis(100)).jitter(Jitter::Full).build()?;
/// assert_eq!(policy.delay_after(2), Duration::from_millis(200)); // without jitter
///
/// let error = RetryPolicy::builder().backoff(2.0).jitter(Jitter::Decorrelated).build().unwrap_err();
/// assert_eq!(error.option(), "backoff");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Jitter {
    /// A random pause from zero to the pause without jitter: `u * x`.
    Full,
    /// A random pause from half of the pause without jitter to the whole pause: `x / 2 + u * x / 2`.
    Equal,
    /// A random pause from `delay` to three times the previous pause: `delay + u * (3 * previous - delay)`. The pause
    /// is at most `max_delay`. For the first pause, `previous` is `delay`. This variant cannot be combined with the
    /// option `backoff`.
    Decorrelated,
}

#[cfg(feature = "config")]
impl Setting for Jitter {
    fn read(raw: &Raw) -> Result<Self, std::borrow::Cow<'static, str>> {
        raw.choice([("full", Self::Full), ("equal", Self::Equal), ("decorrelated", Self::Decorrelated)])
    }
}

/// Computes the pauses between attempts. After the n-th failed attempt, the pause without jitter is
/// `delay * factor^(n - 1)`, at most `max`.
///
/// The pauses grow exponentially, as in Ethernet (IEEE 802.3, 4.2.3.2.5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Backoff {
    pub(crate) delay: Duration,
    pub(crate) factor: Option<f64>,
    pub(crate) max: Option<Duration>,
    pub(crate) jitter: Option<Jitter>,
}

/// The default of the option `delay`.
const DELAY: Duration = Duration::from_secs(1);
/// The default of the option `backoff`.
const FACTOR: f64 = 2.0;

impl Backoff {
    pub(crate) const DEFAULT: Self = Self { delay: DELAY, factor: None, max: None, jitter: None };

    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let Self { delay, factor, max, jitter } = *self;
        for (option, time) in [("delay", Some(delay)), ("max_delay", max)] {
            if let Some(time) = time.filter(|time| !fits(*time)) {
                return Err(ConfigError::new(option, format!("{time:?}"), LONGEST));
            }
        }
        if let Some(max) = max.filter(|max| *max < delay) {
            return Err(ConfigError::new("max_delay", format!("{max:?}"), "at least as long as `delay`"));
        }
        if let Some(factor) = factor {
            if !(factor.is_finite() && factor >= 1.0) {
                return Err(ConfigError::new("backoff", factor.to_string(), "a finite number of at least 1"));
            }
            if jitter == Some(Jitter::Decorrelated) {
                return Err(ConfigError::new("backoff", factor.to_string(), "left out with decorrelated jitter"));
            }
        }
        Ok(())
    }

    /// Returns the pause after the failed attempt number `attempt`, without jitter. The first attempt has the number 1.
    /// The pause is at most the field `max`.
    #[inline]
    pub(crate) fn delay_after(&self, attempt: u32) -> Duration {
        // The first pause is exactly `delay`. A `delay` of zero is not multiplied, because zero times infinity would be
        // NaN.
        if attempt <= 1 || self.delay.is_zero() { self.delay } else { self.grown(attempt) }
    }

    fn grown(&self, attempt: u32) -> Duration {
        let exponent = i32::try_from(attempt.saturating_sub(1)).unwrap_or(i32::MAX);
        let growth = self.factor.unwrap_or(FACTOR).powi(exponent);
        // Does not multiply by 1, because the conversion of `delay` to a float may round.
        let grown = if growth <= 1.0 { self.delay } else { times(self.delay, growth) };
        self.capped(grown)
    }

    /// Returns two pauses. The first is the pause that the retry would make if the error asked for no delay. The second
    /// is the pause that the retry makes: the longer of the first pause and `hint`, the delay that the error asks for.
    /// The caller passes the first pause as `previous` to the next call of this method.
    ///
    /// `attempt` is the number of the failed attempt. The first attempt has the number 1. `draw` returns a random
    /// number from 0 to 1. With jitter, this method adds a random time to `hint`. Callers with equal hints then retry
    /// at different times.
    #[inline]
    pub(crate) fn pause_after(
        &self,
        attempt: u32,
        previous: Duration,
        hint: Option<Duration>,
        draw: impl FnOnce() -> f64,
    ) -> (Duration, Duration) {
        let (own, hint) = match (self.jitter, hint) {
            (None, hint) => (self.delay_after(attempt), hint.unwrap_or(Duration::ZERO)),
            (Some(jitter), None) => (self.jittered(jitter, attempt, previous, draw()), Duration::ZERO),
            (Some(jitter), Some(hint)) => {
                let u = draw();
                let hint = hint.saturating_add(times(self.delay_after(attempt), u));
                (self.jittered(jitter, attempt, previous, u), hint)
            }
        };
        (own, own.max(hint))
    }

    fn jittered(&self, jitter: Jitter, attempt: u32, previous: Duration, u: f64) -> Duration {
        let pause = match jitter {
            Jitter::Full => times(self.delay_after(attempt), u),
            Jitter::Equal => {
                let half = self.delay_after(attempt) / 2;
                half.saturating_add(times(half, u))
            }
            Jitter::Decorrelated => {
                let most = previous.max(self.delay).saturating_mul(3);
                self.delay.saturating_add(times(most.saturating_sub(self.delay), u))
            }
        };
        self.capped(pause)
    }

    /// Returns the shortest possible pause after the first attempt.
    pub(crate) const fn least(&self) -> Duration {
        match self.jitter {
            None | Some(Jitter::Decorrelated) => self.delay,
            Some(Jitter::Equal) => match self.delay.checked_div(2) {
                Some(half) => half,
                None => self.delay,
            },
            Some(Jitter::Full) => Duration::ZERO,
        }
    }

    fn capped(&self, pause: Duration) -> Duration {
        self.max.map_or(pause, |max| pause.min(max))
    }
}

/// Multiplies a time by a factor of at least 0. Returns [`Duration::MAX`] if the product is too long.
fn times(time: Duration, factor: f64) -> Duration {
    Duration::try_from_secs_f64(time.as_secs_f64() * factor).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff(delay: Duration, factor: f64) -> Backoff {
        Backoff { delay, factor: Some(factor), max: None, jitter: None }
    }

    #[test]
    fn delay_saturates_at_maximum() {
        let day = Duration::from_secs(86_400);
        for (delay, factor, attempt, expected) in [
            (day, 2.0, 1, day),
            (day, 2.0, 0, day),
            (day, 2.0, u32::MAX, Duration::MAX),
            (day, f64::MAX, 2, Duration::MAX),
            (day, 1.0, u32::MAX, day),
            (Duration::ZERO, f64::MAX, u32::MAX, Duration::ZERO),
            (Duration::from_nanos(1), 1.0 + f64::EPSILON, 2, Duration::from_nanos(1)),
            (Duration::from_nanos(u64::MAX), 1.0, 9, Duration::from_nanos(u64::MAX)),
        ] {
            assert_eq!(backoff(delay, factor).delay_after(attempt), expected, "{delay:?} * {factor}^({attempt} - 1)");
        }
    }

    #[test]
    fn hinted_pause_has_jitter_added() {
        let ms = Duration::from_millis;
        let (hint, max) = (Some(ms(7_000)), Some(ms(10_000)));
        let with = |jitter| Backoff { max, jitter, ..backoff(ms(1_000), 2.0) };
        for (jitter, attempt, hint, pauses) in [
            (None, 3, None, (4_000, 4_000)),
            (None, 3, hint, (4_000, 7_000)),
            (None, 3, Some(ms(0)), (4_000, 4_000)),
            (None, 3, Some(ms(3_000)), (4_000, 4_000)),
            (Some(Jitter::Full), 3, None, (1_000, 1_000)),
            (Some(Jitter::Full), 3, hint, (1_000, 8_000)),
            (Some(Jitter::Full), 3, Some(ms(0)), (1_000, 1_000)),
            (Some(Jitter::Equal), 3, hint, (2_500, 8_000)),
            (Some(Jitter::Equal), 3, Some(ms(1_000)), (2_500, 2_500)),
            (Some(Jitter::Decorrelated), 3, hint, (2_000, 8_000)),
            (Some(Jitter::Full), 5, Some(ms(9_000)), (2_500, 11_500)),
        ] {
            // With decorrelated jitter, the pause is 1 s + 0.25 * (3 * 1667 ms - 1 s) = 2000.25 ms. The method
            // `as_millis` cuts off the fraction.
            let (own, pause) = with(jitter).pause_after(attempt, ms(1_667), hint, || 0.25);
            assert_eq!((own.as_millis(), pause.as_millis()), pauses, "{jitter:?}, attempt {attempt}, hint {hint:?}");
        }
    }

    #[test]
    fn jittered_pause_stays_within_bounds() {
        let longest = Duration::from_nanos(u64::MAX);
        for delay in [Duration::ZERO, Duration::from_nanos(1), longest] {
            for max in [None, Some(longest)] {
                for (jitter, u) in [Jitter::Full, Jitter::Equal, Jitter::Decorrelated]
                    .into_iter()
                    .flat_map(|jitter| [(jitter, 0.0), (jitter, 1.0 - f64::EPSILON)])
                {
                    let backoff = Backoff { max, jitter: Some(jitter), ..backoff(delay, 2.0) };
                    for previous in [Duration::ZERO, delay, Duration::MAX] {
                        for attempt in [0, 1, 2, u32::MAX] {
                            let (pause, _) = backoff.pause_after(attempt, previous, None, || u);
                            assert!(pause <= max.unwrap_or(Duration::MAX), "{backoff:?}: {pause:?}");
                            assert!(attempt > 1 || pause >= backoff.least(), "{backoff:?}: {pause:?}");
                        }
                    }
                }
            }
        }
    }
}
