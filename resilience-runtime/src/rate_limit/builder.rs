//! Implements the builder of a rate limit.

use std::borrow::Cow;
use std::time::Duration;

use crate::base::clock::{LONGEST, fits};
use crate::base::config_error::{ConfigError, Value};
use crate::base::{name, queue};
use crate::rate_limit::pace::Pace;
use crate::rate_limit::rate_limit::{RateLimit, Settings};

/// Builds a [`RateLimit`]. [`RateLimit::builder`] and [`RateLimit::per`] return this builder.
///
/// | option | default | allowed |
/// |---|---|---|
/// | `per_second` | required, unless `limit` and `per` are set | 1 to 1,000,000 |
/// | `limit`, `per` | | at least 1, and at most 1,000,000 a second; 1 ms to 24 h |
/// | `burst` | `limit`, or 1 if `per` is longer than a second | at least 1 |
/// | `wait` | 0 | 0 to 584 years |
/// | `max_queue` | 1,000 | 1 to 1,000,000,000 |
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::RateLimit;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limit = RateLimit::builder("search", 100).burst(20).wait(Duration::from_millis(500)).max_queue(50).build()?;
/// assert!(limit.try_acquire_many(20).is_ok());
///
/// let error = RateLimit::builder("search", 0).build().unwrap_err();
/// assert_eq!(error.to_string(), "`per_second` is 0, but must be a whole number from 1 to 1000000");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct RateLimitBuilder {
    name: Cow<'static, str>,
    /// The option that has set the field `limit`, for error messages: `per_second` or `limit`.
    option: &'static str,
    limit: u32,
    per: Duration,
    burst: Option<u32>,
    wait: Duration,
    max_queue: Option<u32>,
}

impl RateLimit {
    /// Returns a builder for a limit of `per_second` calls per second, 1 to 1,000,000.
    ///
    /// Events and errors show `name`, which must not be blank.
    pub fn builder(name: impl Into<Cow<'static, str>>, per_second: u32) -> RateLimitBuilder {
        RateLimitBuilder { option: "per_second", ..Self::per(name, per_second, Duration::from_secs(1)) }
    }

    /// Returns a builder for a limit of `limit` calls in each period `per`, such as 60 calls per minute. The period
    /// must be from 1 ms to 24 h. The rate must be at least 1 call per period, and at most 1,000,000 calls per second.
    ///
    /// The calls start at an even pace: with 60 calls per minute, one call starts in each second. The default
    /// [`burst`](RateLimitBuilder::burst) is 1 if the period is longer than a second.
    ///
    /// Events and errors show `name`, which must not be blank.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RateLimit;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = RateLimit::per("mail", 60, Duration::from_secs(60)).build()?;
    /// assert!(limit.try_acquire().is_ok());
    /// let limited = limit.try_acquire().unwrap_err();
    /// assert!(limited.retry_after() > Some(Duration::from_millis(900)));
    /// # Ok(())
    /// # }
    /// ```
    pub fn per(name: impl Into<Cow<'static, str>>, limit: u32, per: Duration) -> RateLimitBuilder {
        let wait = Duration::ZERO;
        RateLimitBuilder { name: name.into(), option: "limit", limit, per, burst: None, wait, max_queue: None }
    }
}

impl RateLimitBuilder {
    /// Sets the size of a burst: the number of calls that may start at the same moment after a pause. The size must be
    /// at least 1. Default: the limit, or 1 if the period is longer than a second. A burst is too large if the rate
    /// needs more than 146 years to refill it.
    ///
    /// A call usually takes one token, and can take at most `burst` tokens. With a burst of 1, a call that takes
    /// several tokens is always rejected. Set the burst if your calls take several tokens.
    ///
    /// In the first period after a pause, up to `limit + burst - 1` calls can start. To stay within a quota that a
    /// service enforces, set the burst to 1.
    pub fn burst(mut self, calls: u32) -> Self {
        self.burst = Some(calls);
        self
    }

    /// Sets the longest time for which a call may wait until the rate admits the call, 0 to 584 years. Default: 0, so a
    /// call above the rate is rejected at once.
    pub fn wait(mut self, wait: Duration) -> Self {
        self.wait = wait;
        self
    }

    /// Sets the largest number of waiting calls, 1 to 1,000,000,000. Default: 1,000. If the queue is full, a call that
    /// would have to wait is rejected at once.
    pub fn max_queue(mut self, calls: u32) -> Self {
        self.max_queue = Some(calls);
        self
    }

    /// Creates the rate limit.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] for an option outside its range, or for a blank name.
    pub fn build(self) -> Result<RateLimit, ConfigError> {
        let Self { name, option, limit, per, burst, wait, max_queue } = self;
        name::check(&name)?;
        Pace::check(option, limit, per, burst)?;
        if !fits(wait) {
            return Err(ConfigError::new("wait", Value::Time(wait).to_string(), LONGEST));
        }
        let max_queue = queue::checked(max_queue)?;
        Ok(RateLimit::new(name.into(), Settings { pace: Pace::new(limit, per, burst), wait, max_queue }))
    }
}
