//! Implements the methods of [`RateLimit`] that admit a call, with or without a wait.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::base::blocking;
use crate::base::clock::Tick;
use crate::base::reason::Reason;
use crate::base::sync::Ordering;
use crate::call_error::CallError;
use crate::rate_limit::error::RateLimitedError;
use crate::rate_limit::line::Waiting;
use crate::rate_limit::rate_limit::{RateLimit, Shared};
use crate::timeout::deadline::within;
use crate::timeout::timeout::Timer;

/// The longest time for which the first call of the queue sleeps. After each sleep, this call again tries to take its
/// tokens. If [`configure_rate_limit`](crate::configure_rate_limit) changes the rate during the sleep, the call notices
/// the new rate at the end of the sleep.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// Waits in the queue of `$limit` for at most the time `$wait`. Takes `$tokens` tokens once the call is first in the
/// queue and the rate admits the call. `$reason` states why the call cannot start now. This code is a macro, because an
/// async function would make the future of a call larger.
macro_rules! queue {
    ($limit:expr, $tokens:expr, $wait:expr, $reason:expr) => {{
        let (waiting, end) = $limit.join($tokens, $wait, $reason)?;
        let turn = {
            let timer = pin!(Timer::new(end.since(Tick::now())));
            timer.race($limit.0.line.turn.acquire()).await
        };
        // If the time `end` passes before the call is first in the queue, `turn` is `None`. Otherwise, `turn` contains
        // a permit, because the semaphore `line.turn` is never closed.
        let Some(_turn) = turn else { return Err($limit.reject_late(&waiting)) };
        while let Some(early) = $limit.take_first(&waiting, end)? {
            sleep(early.min(LONGEST_SLEEP)).await;
        }
        Ok(())
    }};
}

/// Takes `$tokens` tokens of `$limit`, and waits for at most the time `$wait`.
macro_rules! take_within {
    ($limit:expr, $tokens:expr, $wait:expr) => {
        match $limit.take($tokens) {
            Ok(()) => Ok(()),
            Err(reason) => queue!($limit, $tokens, $wait, reason),
        }
    };
}

impl RateLimit {
    /// Admits a call that is about to start, or rejects the call. This method does not wait, and needs no tokio
    /// runtime.
    ///
    /// While other calls wait, this method rejects the call, because the waiting calls come first. This method takes a
    /// lock only while other calls wait, or while a quota applies. A quota is the number of tokens that the called
    /// service still allows. The program reports a quota with [`update`](Self::update).
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] if the call exceeds the limit. A rejected call does not count towards the rate.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::RateLimit;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = RateLimit::builder("mail", 1).build()?;
    /// assert!(limit.try_acquire().is_ok());
    /// assert_eq!(limit.try_acquire().unwrap_err().name(), "mail");
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_acquire(&self) -> Result<(), RateLimitedError> {
        self.try_acquire_many(1)
    }

    /// Works like [`try_acquire`](Self::try_acquire), for a call that takes `tokens` tokens instead of one. A call that
    /// takes zero tokens is always admitted.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] if the call exceeds the limit. If `tokens` is greater than the burst, the rate
    /// limit never admits the call, and [`is_above_burst`](RateLimitedError::is_above_burst) returns true.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::RateLimit;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = RateLimit::builder("model", 1_000).burst(500).build()?;
    /// assert!(limit.try_acquire_many(400).is_ok());
    /// assert!(limit.try_acquire_many(400).unwrap_err().retry_after().is_some());
    /// assert!(limit.try_acquire_many(501).unwrap_err().is_above_burst());
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_acquire_many(&self, tokens: u32) -> Result<(), RateLimitedError> {
        self.take(tokens).map_err(|reason| self.reject(reason))
    }

    /// Waits until the rate admits a call. The option [`wait`](crate::RateLimitBuilder::wait) limits the time of this
    /// wait.
    ///
    /// Waiting calls start in the order of their arrival. If the rate cannot admit the call within `wait`, the call is
    /// rejected at once. A [`deadline`](crate::deadline()) around the call also limits the wait.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] if the rate does not admit the call within `wait`. Also returns this error if
    /// [`max_queue`](crate::RateLimitBuilder::max_queue) calls are already waiting.
    ///
    /// # Panics
    ///
    /// A call that has to wait needs the timer of a tokio runtime. The waiting call panics if there is no runtime, or
    /// if the timer of the runtime is not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns removes the call from the queue. The removed call does not count
    /// towards the rate, and the calls behind it move up.
    ///
    /// A task must poll or drop the first call of the queue. If a task keeps the future of this call without polling
    /// it, the calls behind it wait in vain. For example, a loop over `FuturesUnordered` may poll calls that wait for a
    /// rate limit. The body of this loop must not wait for the same rate limit.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RateLimit;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = RateLimit::builder("mail", 10).burst(1).wait(Duration::from_secs(1)).build()?;
    /// let begin = Instant::now();
    /// for _ in 0..3 {
    ///     limit.acquire().await?;
    /// }
    /// assert_eq!(begin.elapsed().as_millis() / 10, 20);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn acquire(&self) -> Result<(), RateLimitedError> {
        take_within!(self, 1, self.wait())
    }

    /// Works like [`acquire`](Self::acquire), for a call that takes `tokens` tokens instead of one. A call that takes
    /// zero tokens is admitted at once.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] if the rate does not admit the call within the time of the option
    /// [`wait`](crate::RateLimitBuilder::wait), or if the queue is full. If `tokens` is greater than the burst, the
    /// rate limit never admits the call, and [`is_above_burst`](RateLimitedError::is_above_burst) returns true.
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns removes the call from the queue.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::RateLimit;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = RateLimit::builder("model", 1_000).burst(500).wait(Duration::from_secs(1)).build()?;
    /// limit.acquire_many(500).await?;
    /// limit.acquire_many(100).await?; // after a wait of 100 ms
    /// assert!(limit.acquire_many(501).await.unwrap_err().is_above_burst());
    /// # Ok(())
    /// # }
    /// ```
    pub async fn acquire_many(&self, tokens: u32) -> Result<(), RateLimitedError> {
        take_within!(self, tokens, self.wait())
    }

    /// Works like [`acquire`](Self::acquire), but waits as long as the rate requires, regardless of the option `wait`.
    ///
    /// # Errors
    ///
    /// Returns a [`RateLimitedError`] in these cases:
    ///
    /// - [`max_queue`](crate::RateLimitBuilder::max_queue) calls are already waiting.
    /// - A [`deadline`](crate::deadline()) around the call would pass before the rate admits the call.
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns removes the call from the queue.
    ///
    /// ```
    /// use resilience_runtime::RateLimit;
    /// use tokio::time::Instant;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let (limit, begin) = (RateLimit::builder("mail", 10).burst(1).build()?, Instant::now());
    /// for _ in 0..21 {
    ///     limit.until_ready().await?;
    /// }
    /// assert_eq!(begin.elapsed().as_secs(), 2);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn until_ready(&self) -> Result<(), RateLimitedError> {
        take_within!(self, 1, Duration::MAX)
    }

    /// Calls `f` if the rate limit admits the call, and returns the outcome of the future that `f` returned. If the
    /// call comes too early, the call waits as in [`acquire`](Self::acquire).
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`] without calling `f` if the rate limit rejects the call. If the future that `f`
    /// returned fails, returns [`CallError::Failed`] with the error of this future. [`CallError::into_error`] converts
    /// both errors to the type `E`.
    ///
    /// # Panics
    ///
    /// Panics in the same cases as [`acquire`](Self::acquire).
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns drops the future of `f`. A call that is dropped while it waits does
    /// not count towards the rate. An admitted call counts even if its future is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{CallError, RateLimit};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = RateLimit::builder("mail", 1).build()?;
    /// let send = || async { Ok::<_, std::io::Error>("sent") };
    /// assert_eq!(limit.call(send).await?, "sent");
    /// assert!(matches!(limit.call(send).await, Err(CallError::Rejected(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        // First tries to take the token without a wait, because the future of a wait costs 40 instructions.
        if let Err(reason) = self.take(1) {
            self.queue(1, self.wait(), reason).await?;
        }
        f().await.map_err(CallError::Failed)
    }

    /// Works like [`call`](Self::call), for a function `f` that is not `async`. If the call comes too early, blocks the
    /// thread, at most for the time of the option [`wait`](crate::RateLimitBuilder::wait). Blocking and async calls
    /// wait in one queue.
    ///
    /// This method needs no tokio runtime. In an async function, use [`call`](Self::call), because a blocked thread
    /// cannot run other tasks.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`] without calling `f` if the rate limit rejects the call. If `f` fails, returns
    /// [`CallError::Failed`] with the error of `f`.
    ///
    /// ```
    /// use resilience_runtime::{CallError, RateLimit};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limit = RateLimit::builder("mail", 1).build()?;
    /// let send = || Ok::<_, std::io::Error>("sent");
    /// assert_eq!(limit.call_blocking(send)?, "sent");
    /// assert!(matches!(limit.call_blocking(send), Err(CallError::Rejected(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_blocking<T, E, F>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Result<T, E>,
    {
        acquire_tokens_blocking(self, 1)?;
        f().map_err(CallError::Failed)
    }

    async fn queue(&self, tokens: u32, wait: Duration, reason: Reason) -> Result<(), RateLimitedError> {
        queue!(self, tokens, wait, reason)
    }

    /// Waits in the queue like the macro `queue!`, but blocks the thread.
    fn queue_blocking(&self, tokens: u32, wait: Duration, reason: Reason) -> Result<(), RateLimitedError> {
        let (waiting, end) = self.join(tokens, wait, reason)?;
        let left = end.since(Tick::now());
        let latest = Instant::now().checked_add(left);
        let turn = blocking::acquire(&self.0.line.turn, left);
        let Some(_turn) = turn else { return Err(self.reject_late(&waiting)) };
        let mut has_slept = false;
        while let Some(early) = self.take_first(&waiting, end)? {
            // A paused clock of tokio does not move while the thread sleeps. This check therefore ends the wait when
            // the time `wait` has passed in real time.
            if has_slept && latest.is_some_and(|latest| latest <= Instant::now()) {
                return Err(self.reject_late(&waiting));
            }
            blocking::sleep(early.min(LONGEST_SLEEP));
            has_slept = true;
        }
        Ok(())
    }

    /// Adds a call to the line (the queue) if the rate can admit the call within `wait`. Returns a guard for the call's
    /// place in the line, and the time until which the call may wait.
    #[cold]
    fn join(&self, tokens: u32, wait: Duration, reason: Reason) -> Result<(Waiting<'_>, Tick), RateLimitedError> {
        let wait = within(wait);
        let is_in_time = matches!(reason, Reason::Early(nanos) if Duration::from_nanos(nanos) <= wait);
        let waiting = if is_in_time { self.0.line.join(tokens, self.0.settings.current().max_queue) } else { None };
        waiting.map(|waiting| (waiting, Tick::now().after(wait))).ok_or_else(|| self.reject(reason))
    }

    /// Takes the tokens for the first call of the line (the queue) and returns `None`, if the rate admits the call now.
    /// Otherwise, returns the time until the call can start. If the call cannot start before `end`, rejects the call.
    fn take_first(&self, waiting: &Waiting<'_>, end: Tick) -> Result<Option<Duration>, RateLimitedError> {
        match self.take_in_line(waiting.tokens(), true) {
            Ok(()) => Ok(None),
            Err(Reason::Early(nanos)) if Duration::from_nanos(nanos) <= end.since(Tick::now()) => {
                Ok(Some(Duration::from_nanos(nanos)))
            }
            // The rejected call loses its place, so the wait in its error must also include the calls behind it.
            Err(Reason::Early(_)) => Err(self.reject_late(waiting)),
            Err(reason) => Err(self.reject(reason)),
        }
    }

    /// Rejects a call whose wait has ended before the rate admitted the call.
    #[cold]
    fn reject_late(&self, waiting: &Waiting<'_>) -> RateLimitedError {
        let Shared { due, line, .. } = &*self.0;
        self.reject(line.early(waiting, self.pace(), due.load(Ordering::Acquire)))
    }
}

/// Takes `tokens` tokens for a call of a decorated function, and waits for at most the time `wait`.
#[allow(clippy::missing_errors_doc)] // No user reads these docs: the hidden module `__private` exports the function.
pub async fn acquire_tokens_within(limit: &RateLimit, tokens: u32, wait: Duration) -> Result<(), RateLimitedError> {
    take_within!(limit, tokens, wait)
}

/// Takes the tokens for a call of a decorated function that is not `async`. If the call comes too early, blocks the
/// thread, at most for the time of the option `wait`.
#[allow(clippy::missing_errors_doc)] // No user reads these docs: the hidden module `__private` exports the function.
#[inline]
pub fn acquire_tokens_blocking(limit: &RateLimit, tokens: u32) -> Result<(), RateLimitedError> {
    acquire_tokens_blocking_within(limit, tokens, limit.wait())
}

/// Works like [`acquire_tokens_blocking`], but with the argument `wait` in place of the option `wait`.
#[allow(clippy::missing_errors_doc)] // No user reads these docs: the hidden module `__private` exports the function.
#[inline]
pub fn acquire_tokens_blocking_within(limit: &RateLimit, tokens: u32, wait: Duration) -> Result<(), RateLimitedError> {
    limit.take(tokens).or_else(|reason| limit.queue_blocking(tokens, wait, reason))
}
