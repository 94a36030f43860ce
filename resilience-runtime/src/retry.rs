//! Making a call again.

use std::any::type_name;
use std::fmt::{self, Display};
use std::future::Future;
use std::time::Duration;

use tokio::time::sleep;

use crate::backoff::Backoff;
use crate::error::ConfigError;
use crate::events;

/// How many attempts there are, and how long the pauses between them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Schedule {
    pub(crate) max: u32,
    pub(crate) backoff: Backoff,
}

impl Schedule {
    const DEFAULT: Self = Self { max: 3, backoff: Backoff { delay: Duration::from_secs(1), factor: 2.0 } };

    /// Counts a failed attempt; returns the pause before the next one, if there is to be one.
    ///
    /// Asks `wanted` only where there are attempts left, with the pause that would follow.
    #[inline]
    pub(crate) fn after_failure<'a>(
        &self,
        made: &mut u32,
        func: &str,
        error: impl FnOnce() -> Option<&'a dyn Display>,
        wanted: impl FnOnce(Duration) -> bool,
    ) -> Option<Duration> {
        *made = made.saturating_add(1);
        if *made >= self.max {
            return None;
        }
        let delay = self.backoff.delay_after(*made);
        if !wanted(delay) {
            return None;
        }
        if events::debug_wanted() {
            events::retry_attempt(func, *made, delay, error());
        }
        Some(delay)
    }
}

/// How to make a call again that failed.
///
/// After the n-th failed attempt it sleeps `delay * backoff^(n - 1)`. The last error comes back as it was. Any `Ok` is
/// final.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::RetryPolicy;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = RetryPolicy::builder().max(4).delay(Duration::from_millis(100)).build()?;
/// let mut calls = 0;
/// let answer = policy
///     .call(|| {
///         calls += 1;
///         let answer = if calls < 3 { Err("not yet") } else { Ok(calls) };
///         async move { answer }
///     })
///     .await;
/// assert_eq!(answer, Ok(3));
/// # Ok(())
/// # }
/// ```
///
/// A call through a breaker ends at once when the circuit is open, if the predicate says so:
///
/// ```
/// use resilience_runtime::{CallError, CircuitBreaker, RetryPolicy};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("retry_example").threshold(2).build()?;
/// let policy = RetryPolicy::builder()
///     .retry_if(|error: &CallError<std::io::Error>| matches!(error, CallError::Failed(_)))
///     .build()?;
/// let answer = policy.call(|| breaker.call(|| async { Err::<(), _>(std::io::Error::other("down")) })).await;
/// assert!(matches!(answer, Err(CallError::Open(_))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
pub struct RetryPolicy<P = AnyError> {
    schedule: Schedule,
    retry_if: P,
}

impl RetryPolicy {
    /// Starts to describe a policy.
    pub fn builder() -> RetryBuilder {
        RetryBuilder { schedule: Schedule::DEFAULT, retry_if: AnyError }
    }
}

/// Three attempts, with pauses of one and two seconds, whatever the error.
impl Default for RetryPolicy {
    fn default() -> Self {
        Self { schedule: Schedule::DEFAULT, retry_if: AnyError }
    }
}

impl<P> RetryPolicy<P> {
    /// Calls `f` until it succeeds, the predicate says no, or the attempts are used up.
    ///
    /// # Errors
    ///
    /// The error of the last attempt.
    ///
    /// # Panics
    ///
    /// When it has to sleep outside a tokio runtime with its timer enabled. A delay of zero never sleeps.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the attempt or the sleep that is under way; no attempt follows.
    pub async fn call<T, E, F, Fut>(&self, mut f: F) -> Result<T, E>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        P: RetryIf<E>,
    {
        let mut made = 0;
        loop {
            let delay = match f().await {
                Ok(value) => return Ok(value),
                Err(error) => {
                    let wanted = |_| self.retry_if.retry_if(&error);
                    match self.schedule.after_failure(&mut made, type_name::<F>(), || None, wanted) {
                        Some(delay) => delay,
                        None => return Err(error),
                    }
                }
            };
            if !delay.is_zero() {
                sleep(delay).await;
            }
        }
    }

    /// The pause after the `attempt`-th failed attempt, counted from 1.
    ///
    /// It grows without a cap and saturates at [`Duration::MAX`]. It does not ask how many attempts there are.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RetryPolicy;
    ///
    /// let policy = RetryPolicy::default();
    /// assert_eq!(policy.delay_after(1), Duration::from_secs(1));
    /// assert_eq!(policy.delay_after(3), Duration::from_secs(4));
    /// assert_eq!(policy.delay_after(u32::MAX), Duration::MAX);
    /// ```
    pub fn delay_after(&self, attempt: u32) -> Duration {
        self.schedule.backoff.delay_after(attempt)
    }
}

impl<P> fmt::Debug for RetryPolicy<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("RetryPolicy", &self.schedule, f)
    }
}

/// Describes a retry policy, from [`RetryPolicy::builder`].
///
/// | option | default | allowed |
/// |---|---|---|
/// | `max` | 3 | at least 1, which means no retry |
/// | `delay` | 1 s | 0 to 584 years |
/// | `backoff` | 2.0 | a finite number of at least 1 |
/// | `retry_if` | every error | |
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use resilience_runtime::RetryPolicy;
///
/// # fn main() -> Result<(), resilience_runtime::ConfigError> {
/// let policy = RetryPolicy::builder()
///     .max(5)
///     .delay(Duration::from_millis(250))
///     .retry_if(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut)
///     .build()?;
/// assert_eq!(policy.delay_after(2), Duration::from_millis(500));
///
/// assert!(RetryPolicy::builder().max(0).build().is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy)]
#[must_use = "a builder does nothing until `build`"]
pub struct RetryBuilder<P = AnyError> {
    schedule: Schedule,
    retry_if: P,
}

impl<P> RetryBuilder<P> {
    /// The number of attempts, the first one included; at least 1. Default: 3.
    pub fn max(mut self, attempts: u32) -> Self {
        self.schedule.max = attempts;
        self
    }

    /// The pause after the first failed attempt, up to 584 years. Default: 1 s.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.schedule.backoff.delay = delay;
        self
    }

    /// What each pause is multiplied by to give the next one; finite, at least 1. Default: 2.
    pub fn backoff(mut self, factor: f64) -> Self {
        self.schedule.backoff.factor = factor;
        self
    }

    /// Which errors are worth another attempt. Default: all of them.
    pub fn retry_if<E, F>(self, retry_if: F) -> RetryBuilder<F>
    where
        F: Fn(&E) -> bool,
    {
        RetryBuilder { schedule: self.schedule, retry_if }
    }

    /// Makes the policy.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for an option outside its range.
    pub fn build(self) -> Result<RetryPolicy<P>, ConfigError> {
        if self.schedule.max == 0 {
            return Err(ConfigError::new("max", "0".to_owned(), "a whole number of at least 1"));
        }
        self.schedule.backoff.check()?;
        Ok(RetryPolicy { schedule: self.schedule, retry_if: self.retry_if })
    }
}

impl<P> fmt::Debug for RetryBuilder<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("RetryBuilder", &self.schedule, f)
    }
}

fn debug(name: &str, schedule: &Schedule, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.debug_struct(name)
        .field("max", &schedule.max)
        .field("delay", &schedule.backoff.delay)
        .field("backoff", &schedule.backoff.factor)
        .finish_non_exhaustive()
}

/// The predicate of a [`RetryPolicy`] that was given none: every error is worth another attempt.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct AnyError;

/// What a [`RetryPolicy`] asks about an error of type `E`: any `Fn(&E) -> bool`, or [`AnyError`].
///
/// Sealed: a closure is all that is needed.
pub trait RetryIf<E>: sealed::Sealed<E> {
    /// Whether the error is worth another attempt.
    fn retry_if(&self, error: &E) -> bool;
}

impl<E> RetryIf<E> for AnyError {
    fn retry_if(&self, _: &E) -> bool {
        true
    }
}

impl<E, F: Fn(&E) -> bool> RetryIf<E> for F {
    fn retry_if(&self, error: &E) -> bool {
        self(error)
    }
}

mod sealed {
    pub trait Sealed<E> {}
    impl<E> Sealed<E> for super::AnyError {}
    impl<E, F: Fn(&E) -> bool> Sealed<E> for F {}
}
