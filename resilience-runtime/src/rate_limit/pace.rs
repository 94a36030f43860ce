//! Implements the generic cell rate algorithm (GCRA), which decides when a call may start.

use std::time::Duration;

use crate::base::clock::{SKEW, nanos};
use crate::base::config_error::{ConfigError, Value};

/// The rate and the burst of a rate limit, converted to times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pace {
    /// The time between two tokens at an even pace, in nanoseconds.
    step: u64,
    /// The longest time, in nanoseconds, by which a call may start earlier than an even pace allows. It is
    /// `step * (burst - 1)`.
    ahead: u64,
}

/// The shortest `step` (time between two tokens), in nanoseconds. With a shorter step, rounding to whole nanoseconds
/// would noticeably change the rate.
pub(crate) const SHORTEST_STEP: u64 = 1_000;
/// The range of the option `per`.
pub(crate) const SHORTEST_PERIOD: Duration = Duration::from_millis(1);
pub(crate) const LONGEST_PERIOD: Duration = Duration::from_secs(86_400);
/// The longest time that a rate may need to refill a burst, in nanoseconds: 146 years. This limit keeps sums of times
/// within a `u64`.
const LONGEST_BURST: u64 = 1 << 62;

impl Pace {
    /// The pace of a rate limit for which no attribute sets a rate. This pace admits no call, because the first call is
    /// due after 292 years.
    pub(crate) const NEVER: Self = Self { step: u64::MAX / 2, ahead: 0 };

    /// Creates the pace of `limit` tokens in each period `per`. The default burst is `limit` for a period of at most
    /// one second, and 1 for a longer period. Replaces a value outside its range by the nearest allowed value.
    pub(crate) fn new(limit: u32, per: Duration, burst: Option<u32>) -> Self {
        let step = step(limit, per);
        let burst = burst.unwrap_or(if per <= Duration::from_secs(1) { limit } else { 1 });
        Self { step, ahead: step.saturating_mul(u64::from(burst.saturating_sub(1))).min(LONGEST_BURST) }
    }

    /// Checks the arguments of [`new`](Self::new). If `limit` is outside its range, the error shows `option` as the
    /// name of the option.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] for the first value outside its range.
    pub(crate) fn check(
        option: &'static str,
        limit: u32,
        per: Duration,
        burst: Option<u32>,
    ) -> Result<(), ConfigError> {
        if !(SHORTEST_PERIOD..=LONGEST_PERIOD).contains(&per) {
            return Err(ConfigError::new("per", Value::Time(per).to_string(), "from 1 ms to 24 h"));
        }
        let most = Self::most_per(per);
        if limit == 0 || limit > most {
            return Err(ConfigError::new(option, limit.to_string(), format!("a whole number from 1 to {most}")));
        }
        match burst {
            Some(0) => Err(ConfigError::new("burst", "0".to_owned(), "a whole number of at least 1")),
            Some(burst) if !Self::refills(limit, per, burst) => {
                let allowed = "at most the calls of 146 years at this rate";
                Err(ConfigError::new("burst", burst.to_string(), allowed))
            }
            _ => Ok(()),
        }
    }

    /// Returns the largest allowed `limit` for the period `per`.
    #[expect(clippy::cast_possible_truncation, reason = "the number is compared with `u32::MAX`")]
    pub(crate) const fn most_per(per: Duration) -> u32 {
        let most = nanos_of(per) / SHORTEST_STEP;
        if most > u32::MAX as u64 { u32::MAX } else { most as u32 }
    }

    /// Returns whether the rate refills the burst within 146 years.
    pub(crate) const fn refills(limit: u32, per: Duration, burst: u32) -> bool {
        step(limit, per).saturating_mul(burst as u64) <= LONGEST_BURST
    }

    /// Returns the largest number of tokens that one call may take.
    pub(crate) fn burst(self) -> u32 {
        u32::try_from(self.ahead / self.step).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Returns the time at which the first token of a new rate limit is due, in nanoseconds.
    pub(crate) fn first_due(self) -> u64 {
        if self == Self::NEVER { self.step } else { 0 }
    }

    /// Returns the time at which the next call is due, if a whole burst starts at the time `now`.
    pub(crate) fn latest(self, now: u64) -> u64 {
        now.saturating_add(self.ahead).saturating_add(self.step)
    }

    /// Returns `due` for this pace, if `due` is the time at which the next call was due under the pace `before`. The
    /// recent calls use up as many tokens of this pace as of the earlier pace, but at most a whole burst.
    pub(crate) fn carried(self, before: Self, due: u64, now: u64) -> u64 {
        let ahead = u128::from(before.sane(due, now).saturating_sub(now));
        let ahead = (ahead * u128::from(self.step)).div_ceil(u128::from(before.step));
        let ahead = u64::try_from(ahead).unwrap_or(u64::MAX);
        if ahead == 0 { due.min(now) } else { now.saturating_add(ahead).min(self.latest(now)) }
    }

    /// Returns whether `tokens` is at most the burst. If `tokens` is the constant 1, the compiler removes the check.
    #[inline]
    pub(crate) fn admits(self, tokens: u32) -> bool {
        tokens <= 1 || self.after_first(tokens) <= self.ahead
    }

    /// Decides whether a call may take `tokens` tokens at the time `now`. The first of the tokens is due at `due`, and
    /// each further token is due one `step` later. The call may start if its last token is due by `now + ahead`.
    /// Returns `due` for the next call. If the call comes too early, returns an `Err` with the time until the call may
    /// start. All times are in nanoseconds.
    #[inline]
    pub(crate) fn next(self, due: u64, now: u64, tokens: u32) -> Result<u64, u64> {
        // Makes the common case fast: the rate limit is not exhausted, so the first token is already due.
        if due <= now && self.admits(tokens) {
            return Ok(now.saturating_add(self.after_first(tokens)).saturating_add(self.step));
        }
        let due = self.sane(due, now);
        match self.start(due, tokens).checked_sub(now) {
            Some(early @ 1..) => Err(early),
            _ => Ok(due.max(now).saturating_add(self.after_first(tokens)).saturating_add(self.step)),
        }
    }

    /// Returns the time at which the next call is due after earlier calls that take `tokens` tokens in total. Each of
    /// these calls starts as early as possible from the time `now` on.
    pub(crate) fn due_after(self, due: u64, now: u64, tokens: u64) -> u64 {
        self.sane(due, now).max(now).saturating_add(self.step.saturating_mul(tokens))
    }

    /// Returns the earliest time at which a call may start, if its first token is due at the time `due`.
    #[inline]
    pub(crate) fn start(self, due: u64, tokens: u32) -> u64 {
        due.saturating_add(self.after_first(tokens)).saturating_sub(self.ahead)
    }

    /// Returns `due`, or `now` if `due` comes from another clock, such as the paused clock of another test. If both
    /// times come from one clock, `due` is ahead of `now` by at most the time that the rate needs to refill a whole
    /// burst.
    #[inline]
    fn sane(self, due: u64, now: u64) -> u64 {
        let latest = self.ahead + self.step + nanos(SKEW);
        if due.saturating_sub(now) > latest { now } else { due }
    }

    /// Returns the time until a whole burst may start, in nanoseconds.
    #[cfg(feature = "serde")]
    pub(crate) fn until_full(self, due: u64, now: u64) -> u64 {
        self.sane(due, now).saturating_sub(now)
    }

    /// Returns the time that the rate needs to refill a whole burst, in nanoseconds.
    #[cfg(feature = "serde")]
    pub(crate) fn whole_burst(self) -> u64 {
        self.ahead.saturating_add(self.step)
    }

    /// Returns the time between the due times of the first and the last token of a call.
    #[inline]
    fn after_first(self, tokens: u32) -> u64 {
        if tokens <= 1 { 0 } else { self.step.saturating_mul(u64::from(tokens - 1)) }
    }
}

/// Returns the time between two tokens at an even pace, in nanoseconds.
const fn step(limit: u32, per: Duration) -> u64 {
    let limit = if limit == 0 { 1 } else { limit };
    let step = nanos_of(per).div_ceil(limit as u64);
    if step < SHORTEST_STEP { SHORTEST_STEP } else { step }
}

/// Returns a period in nanoseconds, limited to the range of the option `per`.
const fn nanos_of(per: Duration) -> u64 {
    match nanos(per) {
        time if time < nanos(SHORTEST_PERIOD) => nanos(SHORTEST_PERIOD),
        time if time > nanos(LONGEST_PERIOD) => nanos(LONGEST_PERIOD),
        time => time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Tick;

    const SECOND: Duration = Duration::from_secs(1);

    fn per_second(rate: u32, burst: u32) -> Pace {
        Pace::new(rate, SECOND, Some(burst))
    }

    /// Returns the number of calls that `pace` admits if one call comes at each of the `times`.
    fn passed(pace: Pace, times: impl IntoIterator<Item = u64>) -> usize {
        let mut due = 0;
        times
            .into_iter()
            .filter(|now| {
                pace.next(due, *now, 1).is_ok_and(|next| {
                    due = next;
                    true
                })
            })
            .count()
    }

    #[test]
    fn second_admits_rate_and_burst_at_most() {
        let begin = Tick::now().to_bits();
        for (rate, burst) in [(1, 1), (3, 1), (100, 20), (1000, 1), (1, 1000)] {
            let each_millisecond = (0..1000).map(|n| begin + n * nanos(SECOND) / 1000);
            let most = usize::try_from(rate + burst - 1).unwrap().min(1000);
            let count = passed(per_second(rate, burst), each_millisecond);
            assert!((most - most / 100..=most).contains(&count), "{count} of {most} at {rate} and {burst}");
        }
    }

    #[test]
    fn pause_saves_burst_at_most() {
        let pace = per_second(10, 3);
        let begin = Tick::now().to_bits();
        let after_a_day = begin + 86_400_000_000_000;
        assert_eq!(passed(pace, [begin; 9].into_iter().chain([after_a_day; 9])), 3 + 3);
    }

    #[test]
    fn several_tokens_take_as_long_as_several_calls() {
        let pace = per_second(10, 5);
        let now = Tick::now().to_bits();
        let due = (0..3).fold(0, |due, _| pace.next(due, now, 1).unwrap());
        assert_eq!(pace.next(0, now, 3), Ok(due));
        assert_eq!(pace.next(due, now, 2), Ok(now + 5 * pace.step));
        assert_eq!(pace.next(due, now, 4), Err(2 * pace.step));
        assert_eq!((pace.admits(5), pace.admits(6), pace.burst()), (true, false, 5));
    }

    #[test]
    fn clock_ahead_by_more_than_skew_is_another_clock() {
        let pace = per_second(1, 5);
        let now = Tick::now().to_bits();
        let skew = nanos(SKEW);
        assert_eq!(pace.next(now + 5 * pace.step, now, 1), Err(pace.step));
        assert_eq!(pace.next(now + 5 * pace.step + 1_000_000, now, 1), Err(pace.step + 1_000_000), "skew of 1 ms");
        assert_eq!(pace.next(now + 5 * pace.step + skew, now, 1), Err(pace.step + skew));
        assert_eq!(pace.next(now + 5 * pace.step + skew + 1, now, 1), Ok(now + pace.step));
    }

    #[test]
    fn extreme_rates_and_times_do_not_overflow() {
        for (rate, burst) in [(u32::MAX, u32::MAX), (1, u32::MAX), (u32::MAX, 1), (0, 0)] {
            for per in [Duration::ZERO, SHORTEST_PERIOD, SECOND, LONGEST_PERIOD, Duration::MAX] {
                let pace = Pace::new(rate, per, Some(burst));
                for now in [0, 1, Tick::now().to_bits(), u64::MAX] {
                    assert!(pace.next(0, now, 1).is_ok());
                    assert!(pace.next(now, now, 1).is_ok());
                    let _ = pace.next(u64::MAX, now, u32::MAX);
                    let _ = pace.start(pace.due_after(now, now, u64::MAX), u32::MAX);
                }
            }
        }
    }
}
