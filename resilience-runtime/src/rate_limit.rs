//! A limit on the calls that begin in a second.

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::io;
use std::time::Duration;

use thiserror::Error;
use tracing::debug;

use crate::base::clock::Tick;
use crate::base::config_error::ConfigError;
use crate::base::name::{self, Name};
use crate::base::sync::{Arc, AtomicU64, Ordering};
use crate::events::{self, TARGET};

/// The rejection of a call by a rate limit.
///
/// Making or cloning one does not allocate.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("rate limit '{name}' is reached, retry in {retry_after:?}")]
pub struct RateLimitedError {
    name: Name,
    retry_after: Duration,
}

impl RateLimitedError {
    /// The name of the limit, not escaped: that of the function, if an attribute has made it.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// How long to wait until a call may pass, never zero. Others may be faster.
    pub fn retry_after(&self) -> Duration {
        self.retry_after
    }
}

/// Of the kind [`QuotaExceeded`](io::ErrorKind::QuotaExceeded), with the rejection as its source.
impl From<RateLimitedError> for io::Error {
    fn from(limited: RateLimitedError) -> Self {
        Self::new(io::ErrorKind::QuotaExceeded, limited)
    }
}

/// Lets so many calls begin in a second, and so many at once.
///
/// The generic cell rate algorithm (ITU-T I.371, annex A, as a virtual schedule): what a leaky bucket does, in one word.
///
/// A cheap handle: its clones share the rate.
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
#[derive(Clone)]
pub struct RateLimit(Arc<Shared>);

struct Shared {
    name: Name,
    pace: Pace,
    /// The tick at which the next call is due if all keep the pace; zero before the first.
    due: AtomicU64,
    admitted: AtomicU64,
    rejected: AtomicU64,
}

/// Beyond that a step of whole nanoseconds would no longer be the rate.
const MOST_PER_SECOND: u32 = 1_000_000;

/// In nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Pace {
    /// From one call to the next.
    step: u64,
    /// How much earlier than that a call may come.
    ahead: u64,
}

impl Pace {
    fn new(per_second: u32, burst: u32) -> Self {
        let step = 1_000_000_000_u64.div_ceil(u64::from(per_second.clamp(1, MOST_PER_SECOND)));
        Self { step, ahead: step * u64::from(burst.saturating_sub(1)) }
    }

    /// When the next call is due after one that comes `now`, or how long that one is too early.
    fn next(self, due: u64, now: u64) -> Result<u64, u64> {
        // No call of this clock can have made that: it was one in a test, whose own clock has been moved.
        let due = if due.saturating_sub(now) > self.ahead + self.step { now } else { due };
        match due.saturating_sub(self.ahead).checked_sub(now) {
            Some(early @ 1..) => Err(early),
            _ => Ok(due.max(now).saturating_add(self.step)),
        }
    }
}

impl RateLimit {
    /// Starts to describe a limit of so many calls per second, 1 to 1,000,000.
    pub fn builder(name: impl Into<Cow<'static, str>>, per_second: u32) -> RateLimitBuilder {
        RateLimitBuilder { name: name.into(), per_second, burst: None }
    }

    pub(crate) fn new(name: Name, per_second: u32, burst: u32) -> Self {
        Self(Arc::new(Shared {
            name,
            pace: Pace::new(per_second, burst),
            due: AtomicU64::new(0),
            admitted: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
        }))
    }

    /// The name that it was given.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// What it has done.
    pub fn stats(&self) -> RateLimitStats {
        RateLimitStats {
            total_admitted: self.0.admitted.load(Ordering::Relaxed),
            total_rejected: self.0.rejected.load(Ordering::Relaxed),
        }
    }

    /// Counts a call that is about to begin. It takes no lock and needs no runtime.
    ///
    /// # Errors
    ///
    /// [`RateLimitedError`] when it comes too early; it does not count then.
    pub fn try_acquire(&self) -> Result<(), RateLimitedError> {
        let Shared { pace, due, admitted, .. } = &*self.0;
        let mut seen = due.load(Ordering::Acquire);
        loop {
            // Read after the word, so that it is not before the call that wrote it.
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

    /// Calls `f`, if the rate allows it.
    ///
    /// # Errors
    ///
    /// That of the call, or one made from a [`RateLimitedError`]; the closure does not run then.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the call, which has been counted.
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<RateLimitedError>,
    {
        self.try_acquire()?;
        f().await
    }

    #[cold]
    fn reject(&self, early: u64) -> RateLimitedError {
        self.0.rejected.fetch_add(1, Ordering::Relaxed);
        // Up to a whole tick: whoever waits that long is let through.
        let retry_after = Duration::from_nanos(early.saturating_add(7) & !7);
        if events::debug_wanted() {
            rate_limited(&self.0.name, retry_after);
        }
        RateLimitedError { name: self.0.name.clone(), retry_after }
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

/// What a [`RateLimit`] has done.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimitStats {
    /// How many calls were admitted, ever.
    pub total_admitted: u64,
    /// How many were rejected, ever.
    pub total_rejected: u64,
}

/// Describes a rate limit, from [`RateLimit::builder`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct RateLimitBuilder {
    name: Cow<'static, str>,
    per_second: u32,
    burst: Option<u32>,
}

impl RateLimitBuilder {
    /// How many calls may begin at once after a pause, at least 1. Default: those of a second.
    pub fn burst(mut self, calls: u32) -> Self {
        self.burst = Some(calls);
        self
    }

    /// Makes the limit.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for an option outside its range, or a name that is blank.
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
        Ok(RateLimit::new(name.into(), per_second, burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of the calls that come at these times pass.
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
    fn a_second_holds_the_rate_and_the_burst_at_most() {
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
    fn a_pause_saves_up_no_more_than_the_burst() {
        let pace = Pace::new(10, 3);
        let begin = Tick::now().to_bits();
        let after_a_day = begin + 86_400_000_000_000;
        assert_eq!(passed(pace, [begin; 9].into_iter().chain([after_a_day; 9])), 3 + 3);
    }

    #[test]
    fn a_clock_that_was_ahead_shuts_nobody_out() {
        let pace = Pace::new(1, 5);
        let now = Tick::now().to_bits();
        assert_eq!(pace.next(now + 5 * pace.step, now), Err(pace.step));
        assert_eq!(pace.next(now + 5 * pace.step + 1, now), Ok(now + pace.step));
    }

    #[test]
    fn no_rate_and_no_time_is_too_much() {
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
