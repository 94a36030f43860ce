//! Implements [`RateLimit`], which limits the number of calls per second.

pub(crate) mod error;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use tracing::debug;

use crate::base::clock::{SKEW, Tick, nanos};
use crate::base::config_error::ConfigError;
use crate::base::name::{self, Name};
use crate::base::sync::{Arc, AtomicU64, Ordering};
use crate::call_error::CallError;
use crate::events::{self, TARGET};
use crate::rate_limit::error::RateLimitedError;

/// Limits the number of calls per second, and the size of a burst (the number of calls that may start at once).
///
/// The algorithm is the generic cell rate algorithm (ITU-T I.371, annex A, virtual scheduling). This algorithm admits
/// the same calls as a leaky bucket, but its state is only one atomic integer. A `RateLimit` is a cheap handle, and all
/// its clones share one limit.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::RateLimit;
/// use tokio::time::advance;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limit = RateLimit::builder("search", 10).burst(2).build()?;
/// assert!(limit.try_acquire().is_ok());
/// assert!(limit.try_acquire().is_ok());
/// let limited = limit.try_acquire().unwrap_err();
/// assert_eq!(limited.to_string(), "rate limit 'search' is reached, retry in 100ms");
///
/// advance(limited.retry_after()).await;
/// assert!(limit.try_acquire().is_ok());
/// # Ok(())
/// # }
/// ```
#[doc(alias("GCRA", "rate limiter", "throttle"))]
#[derive(Clone)]
pub struct RateLimit(Arc<Shared>);

struct Shared {
    name: Name,
    pace: Pace,
    /// The time at which the next call would start at an even pace. The time is in nanoseconds, stored as the result of
    /// `Tick::to_bits`. The field is zero before the first call.
    due: AtomicU64,
    admitted: AtomicU64,
    rejected: AtomicU64,
}

/// The highest rate, in calls per second. At a higher rate, the time between two calls is shorter than 1,000 ns.
/// Rounding this time to whole nanoseconds would change the rate noticeably.
const MOST_PER_SECOND: u32 = 1_000_000;

/// The rate and the burst of a [`RateLimit`], converted to times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pace {
    /// The time between two calls at an even pace, in nanoseconds.
    step: u64,
    /// How far ahead of the even pace a call in a burst may start, in nanoseconds. The value is `step * (burst - 1)`.
    ahead: u64,
}

impl Pace {
    /// The pace of a rate limit without the option `per_second`. The next call would be due after 292 years.
    const NEVER: Self = Self { step: u64::MAX / 2, ahead: 0 };

    fn new(per_second: u32, burst: u32) -> Self {
        let step = 1_000_000_000_u64.div_ceil(u64::from(per_second.clamp(1, MOST_PER_SECOND)));
        Self { step, ahead: step * u64::from(burst.saturating_sub(1)) }
    }

    /// Decides whether a call may start at the time `now`. At an even pace, the call starts at the time `due`. In a
    /// burst, the call may start earlier, by at most `self.ahead`. Returns the value of `due` for the next call. If the
    /// call comes too early, returns `Err` with the time until the call may start. All times are in nanoseconds.
    fn next(self, due: u64, now: u64) -> Result<u64, u64> {
        // If all calls read the same clock, `due` is at most `latest` nanoseconds after `now`. A later value comes from
        // another clock, such as the paused clock of another test, and is ignored.
        let latest = self.ahead + self.step + nanos(SKEW);
        let due = if due.saturating_sub(now) > latest { now } else { due };
        match due.saturating_sub(self.ahead).checked_sub(now) {
            Some(early @ 1..) => Err(early),
            _ => Ok(due.max(now).saturating_add(self.step)),
        }
    }
}

impl RateLimit {
    /// Returns a builder for a limit of `per_second` calls per second. The number `per_second` must be from 1 to
    /// 1,000,000.
    ///
    /// Events and errors show `name`. The name may be any text that is not blank.
    pub fn builder(name: impl Into<Cow<'static, str>>, per_second: u32) -> RateLimitBuilder {
        RateLimitBuilder { name: name.into(), per_second, burst: None }
    }

    /// Creates a rate limit. If `per_second` is `None`, the limit rejects every call.
    pub(crate) fn new(name: Name, per_second: Option<u32>, burst: Option<u32>) -> Self {
        let pace = per_second.map(|rate| Pace::new(rate, burst.unwrap_or(rate)));
        Self(Arc::new(Shared {
            name,
            pace: pace.unwrap_or(Pace::NEVER),
            due: AtomicU64::new(if pace.is_some() { 0 } else { Pace::NEVER.step }),
            admitted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
        }))
    }

    /// Returns the name of the rate limit. This method does not escape special characters in the name, but events and
    /// errors do.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// Returns a snapshot of the total numbers of admitted and rejected calls.
    pub fn stats(&self) -> RateLimitStats {
        RateLimitStats {
            total_admitted: self.0.admitted.load(Ordering::Relaxed),
            total_rejected: self.0.rejected.load(Ordering::Relaxed),
        }
    }

    /// Makes the limit admit a whole burst again.
    pub(crate) fn reset(&self) {
        if self.0.pace != Pace::NEVER {
            self.0.due.store(0, Ordering::Release);
        }
    }

    /// Admits a call that is about to start, or rejects the call. This method takes no lock and needs no tokio runtime.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] if the call exceeds the limit. A rejected call does not count towards the rate.
    pub fn try_acquire(&self) -> Result<(), RateLimitedError> {
        let Shared { pace, due, admitted, .. } = &*self.0;
        let mut seen = due.load(Ordering::Acquire);
        loop {
            // Reads `due` first, and then the clock. In the opposite order, another thread could change `due` after the
            // clock reading. The error would then report too long a wait, because `now` would be older than `due`.
            let now = Tick::now().to_bits();
            let next = pace.next(seen, now).map_err(|early| self.reject(early))?;
            match due.compare_exchange_weak(seen, next, Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => break,
                Err(written) => seen = written,
            }
        }
        admitted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Calls `f` if the rate limit admits the call.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`] without calling `f` if the rate limit rejects the call. Returns
    /// [`CallError::Failed`], with the error of the future of `f`, if this future fails.
    /// [`CallError::into_error`] converts both errors to the type `E`.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns drops the future of `f`. An admitted call counts towards the rate
    /// even if its future is dropped.
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        self.try_acquire()?;
        f().await.map_err(CallError::Failed)
    }

    #[cold]
    fn reject(&self, early: u64) -> RateLimitedError {
        self.0.rejected.fetch_add(1, Ordering::Relaxed);
        // Rounds the wait up to a multiple of eight nanoseconds, the step of the clock. A call that starts after the
        // reported wait is therefore not too early.
        let wait_nanos = early.saturating_add(7) & !7;
        if events::debug_wanted() {
            rate_limited(&self.0.name, Duration::from_nanos(wait_nanos));
        }
        RateLimitedError::new(self.0.name.clone(), wait_nanos)
    }
}

#[cold]
fn rate_limited(name: &Name, retry_after: Duration) {
    debug!(name: "rate_limited", target: TARGET, rate_limit = %name, retry_after = retry_after.as_secs_f64(), "rate_limited");
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").field("name", &self.0.name).field("stats", &self.stats()).finish_non_exhaustive()
    }
}

/// A snapshot of the counts of a rate limit. [`RateLimit::stats`] and [`get_stats`](crate::get_stats) return this
/// snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitStats {
    /// Total number of admitted calls.
    pub total_admitted: u64,
    /// Total number of rejected calls.
    pub total_rejected: u64,
}

/// Builds a [`RateLimit`]. [`RateLimit::builder`] returns this builder.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct RateLimitBuilder {
    name: Cow<'static, str>,
    per_second: u32,
    burst: Option<u32>,
}

impl RateLimitBuilder {
    /// Sets the size of a burst, which is the number of calls that may start at once after a pause. The size must be at
    /// least 1. Default: the number of calls per second.
    pub fn burst(mut self, calls: u32) -> Self {
        self.burst = Some(calls);
        self
    }

    /// Creates the rate limit.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] for an option outside its range, or for a blank name.
    pub fn build(self) -> Result<RateLimit, ConfigError> {
        let Self { name, per_second, burst } = self;
        name::check(&name)?;
        let burst = burst.unwrap_or(per_second);
        if !(1..=MOST_PER_SECOND).contains(&per_second) {
            let allowed = "a whole number from 1 to 1000000";
            return Err(ConfigError::new("per_second", per_second.to_string(), allowed));
        }
        if burst == 0 {
            return Err(ConfigError::new("burst", "0".to_owned(), "a whole number of at least 1"));
        }
        Ok(RateLimit::new(name.into(), Some(per_second), Some(burst)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns how many calls `pace` admits. The iterator `times` contains the start of each call in nanoseconds.
    fn passed(pace: Pace, times: impl IntoIterator<Item = u64>) -> usize {
        let mut due = 0;
        times
            .into_iter()
            .filter(|now| {
                pace.next(due, *now).is_ok_and(|next| {
                    due = next;
                    true
                })
            })
            .count()
    }

    #[test]
    fn second_admits_rate_and_burst_at_most() {
        const SECOND: u64 = 1_000_000_000;
        let begin = Tick::now().to_bits();
        for (rate, burst) in [(1, 1), (3, 1), (100, 20), (1000, 1), (1, 1000)] {
            let each_millisecond = (0..1000).map(|n| begin + n * SECOND / 1000);
            let most = usize::try_from(rate + burst - 1).unwrap().min(1000);
            let count = passed(Pace::new(rate, burst), each_millisecond);
            assert!((most - most / 100..=most).contains(&count), "{count} of {most} at {rate} and {burst}");
        }
    }

    #[test]
    fn pause_saves_burst_at_most() {
        let pace = Pace::new(10, 3);
        let begin = Tick::now().to_bits();
        let after_a_day = begin + 86_400_000_000_000;
        assert_eq!(passed(pace, [begin; 9].into_iter().chain([after_a_day; 9])), 3 + 3);
    }

    #[test]
    fn clock_ahead_by_more_than_skew_is_another_clock() {
        let pace = Pace::new(1, 5);
        let now = Tick::now().to_bits();
        let skew = nanos(SKEW);
        assert_eq!(pace.next(now + 5 * pace.step, now), Err(pace.step));
        assert_eq!(pace.next(now + 5 * pace.step + 1_000_000, now), Err(pace.step + 1_000_000), "skew of 1 ms");
        assert_eq!(pace.next(now + 5 * pace.step + skew, now), Err(pace.step + skew));
        assert_eq!(pace.next(now + 5 * pace.step + skew + 1, now), Ok(now + pace.step));
    }

    #[test]
    fn extreme_rates_and_times_do_not_overflow() {
        for (rate, burst) in [(u32::MAX, u32::MAX), (1, u32::MAX), (u32::MAX, 1), (0, 0)] {
            let pace = Pace::new(rate, burst);
            for now in [0, 1, Tick::now().to_bits(), u64::MAX] {
                assert!(pace.next(0, now).is_ok());
                assert!(pace.next(now, now).is_ok());
                let _ = pace.next(u64::MAX, now);
            }
        }
    }
}
