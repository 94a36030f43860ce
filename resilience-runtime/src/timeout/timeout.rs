//! Implements [`Timeout`], which ends a call that takes too long.

use std::any::type_name;
use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::base::clock::{self, LONGEST, fits};
use crate::base::config_error::ConfigError;
use crate::base::config_error::Value;
use crate::base::sync::{Arc, AtomicU64, Ordering};
use crate::base::versions::Versions;
use crate::call_error::CallError;
use crate::timeout::deadline::within;
use crate::timeout::error::TimeoutError;

/// Ends a call that takes too long.
///
/// If a [`deadline`](crate::deadline()) around the call is earlier than the end of the timeout, the call ends at the
/// deadline.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{CallError, Rejection, Timeout};
/// use tokio::time::sleep;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let timeout = Timeout::new(Duration::from_secs(5))?;
/// let answer = timeout
///     .call(|| async {
///         sleep(Duration::from_secs(60)).await;
///         Ok::<_, std::io::Error>(())
///     })
///     .await;
/// assert!(matches!(answer, Err(CallError::Rejected(Rejection::Timeout(_)))));
/// # Ok(())
/// # }
/// ```
///
/// A `Timeout` is cheap to clone, and all clones share the counts that [`stats`](Self::stats) returns.
#[doc(alias = "time limiter")]
#[derive(Clone)]
pub struct Timeout(Arc<Shared>);

struct Shared {
    /// The time of the timeout, or [`Duration::MAX`] for attributes that evaluate the time at each call or set no time.
    after: Versions<Duration>,
    /// The number of calls that the timeout ended after its full time limit.
    by_itself: AtomicU64,
    /// The number of calls that the timeout ended at the caller's deadline.
    by_deadline: AtomicU64,
}

impl Timeout {
    /// Creates a timeout that ends each call after the time `after`.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if the time is zero, or longer than 584 years.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::Timeout;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// assert_eq!(Timeout::new(Duration::from_secs(5))?.after(), Duration::from_secs(5));
    /// let error = Timeout::new(Duration::ZERO).unwrap_err();
    /// assert_eq!(error.to_string(), "`timeout` is 0s, but must be longer than zero");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(after: Duration) -> Result<Self, ConfigError> {
        let error = |allowed: &'static str| Err(ConfigError::new("timeout", Value::Time(after).to_string(), allowed));
        match after {
            Duration::ZERO => error("longer than zero"),
            _ if !fits(after) => error(LONGEST),
            _ => Ok(Self::after_time(Some(after))),
        }
    }

    /// Creates the timeout of an attribute. `after` is `None` if the attribute evaluates the time at each call or sets
    /// no time.
    pub(crate) fn after_time(after: Option<Duration>) -> Self {
        let after = Versions::new(after.unwrap_or(Duration::MAX));
        Self(Arc::new(Shared { after, by_itself: AtomicU64::new(0), by_deadline: AtomicU64::new(0) }))
    }

    /// Returns the time after which the timeout ends a call.
    #[inline]
    pub fn after(&self) -> Duration {
        *self.0.after.current()
    }

    /// Changes the time limit. `after` is `None` if the attribute evaluates the time at each call or sets no time. The
    /// time limit of a running call does not change. [`Versions`] allows 2^16 different times. If another time would
    /// exceed this limit, returns false and changes nothing.
    pub(crate) fn change(&self, after: Option<Duration>) -> bool {
        self.0.after.change(after.unwrap_or(Duration::MAX))
    }

    /// Returns the time limit and the counts of this timeout. All clones of a timeout share the counts.
    pub fn stats(&self) -> TimeoutStats {
        let Shared { after, by_itself, by_deadline } = &*self.0;
        TimeoutStats {
            after: Some(*after.current()).filter(|after| *after != Duration::MAX),
            total_timed_out: by_itself.load(Ordering::Relaxed),
            total_by_deadline: by_deadline.load(Ordering::Relaxed),
        }
    }

    /// Counts a call that this timeout ended, and creates the error of the call. `allowed` is the time that the call
    /// was allowed to take. `by_deadline` states whether the caller's deadline shortened this time when the call
    /// started.
    #[cold]
    pub(crate) fn end(&self, func: &str, allowed: Duration, by_deadline: bool) -> TimeoutError {
        let error = TimeoutError::new(func, allowed, by_deadline);
        let count = if error.by_deadline() { &self.0.by_deadline } else { &self.0.by_itself };
        count.fetch_add(1, Ordering::Relaxed);
        error
    }

    /// Calls `f`, and waits for the future that `f` returns. If the future does not end in time, drops the future.
    ///
    /// If the future is ready when the time is over, this method returns the outcome of the future. If a
    /// [`deadline`](crate::deadline()) around the call has already passed, this method does not call `f`.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`], with a [`TimeoutError`], if the timeout or the caller's deadline ends the call.
    /// Returns [`CallError::Failed`], with the error of the future, if the future fails in time.
    /// [`CallError::into_error`] converts both variants to the type `E`.
    ///
    /// # Panics
    ///
    /// If the future of `f` is not ready at its first poll, this method panics outside a tokio runtime. The method also
    /// panics if the timer of the runtime is not enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns drops the future of `f`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{CallError, Timeout};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let timeout = Timeout::new(Duration::from_secs(5))?;
    /// assert_eq!(timeout.call(|| async { Ok::<_, std::io::Error>(7) }).await?, 7);
    ///
    /// let hang = || std::future::pending::<Result<(), std::io::Error>>();
    /// assert!(matches!(timeout.call(hang).await, Err(CallError::Rejected(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let allowed = within(self.after());
        let timer = pin!(Timer::new(allowed));
        // Does not call `f` after the deadline, because `f` may do a part of the work before it returns its future.
        if timer.has_no_time() {
            return Err(self.end_call(type_name::<F>(), allowed).into());
        }
        match timer.race(f()).await {
            Some(Ok(value)) => Ok(value),
            Some(Err(error)) => Err(CallError::Failed(error)),
            None => Err(self.end_call(type_name::<F>(), allowed).into()),
        }
    }

    /// Computes whether the caller's deadline shortened the time, and calls [`end`](Self::end). The time of this
    /// timeout is the same as at the start of the call, because only the time of an attribute can change.
    #[cold]
    fn end_call(&self, func: &str, allowed: Duration) -> TimeoutError {
        self.end(func, allowed, allowed < self.after())
    }
}

impl fmt::Debug for Timeout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("stats", &self.stats()).finish()
    }
}

/// Contains the time limit and the counts of a timeout at one moment. [`Timeout::stats`] and
/// [`get_stats`](crate::get_stats) return this value.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{Timeout, deadline};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let timeout = Timeout::new(Duration::from_secs(5))?;
/// let hang = || std::future::pending::<Result<(), std::io::Error>>();
/// assert!(timeout.call(hang).await.is_err());
/// assert!(deadline(Duration::from_secs(1), timeout.call(hang)).await.is_err());
/// let stats = timeout.stats();
/// assert_eq!((stats.total_timed_out, stats.total_by_deadline), (1, 1));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeoutStats {
    /// Time after which the timeout ends a call. The field is `None` if each call evaluates an expression for the time,
    /// or if no `#[timeout]` with this name sets the time.
    pub after: Option<Duration>,
    /// Total number of calls that the timeout ended after its full time limit. Calls that ended at the caller's earlier
    /// [`deadline`](crate::deadline()) do not count.
    pub total_timed_out: u64,
    /// Total number of calls that the timeout ended at the caller's earlier deadline.
    pub total_by_deadline: u64,
}

pin_project! {
    /// A timer that starts at its creation. The first poll registers the timer with the tokio runtime. If the body of a
    /// call is ready at its first poll, the timer is not polled, and the call needs no tokio runtime.
    #[derive(Debug)]
    pub struct Timer {
        #[pin]
        state: State,
    }
}

pin_project! {
    #[project = Projected]
    #[derive(Debug)]
    enum State {
        // The timer has not been polled yet. The first poll computes the end of the timer, because most calls end
        // before this poll.
        Waiting { start: Instant, after: Duration },
        Sleeping { #[pin] sleep: Sleep },
        // The timer never ends, because tokio's clock cannot represent the end of the timer.
        Never,
    }
}

impl Timer {
    /// Creates a timer that ends when the time `after` has passed on tokio's clock.
    #[inline]
    #[must_use]
    pub fn new(after: Duration) -> Self {
        Self { state: State::Waiting { start: Instant::now(), after } }
    }

    /// Returns whether the timer was created with a time of zero.
    #[inline]
    fn has_no_time(&self) -> bool {
        matches!(self.state, State::Waiting { after: Duration::ZERO, .. })
    }

    /// Returns a future with the output of `future`, or with `None` if the timer ends first. If the timer was created
    /// with a time of zero, `future` is not polled.
    pub fn race<F: Future>(self: Pin<&mut Self>, future: F) -> Raced<'_, F> {
        Raced { timer: self, future }
    }

    pub(crate) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.has_no_time() {
            return Poll::Ready(());
        }
        let mut state = self.project().state;
        if let State::Waiting { start, after } = *state {
            let end = start.checked_add(after);
            state.set(end.map_or(State::Never, |end| State::Sleeping { sleep: sleep_until(end) }));
        }
        let Projected::Sleeping { mut sleep } = state.project() else { return Poll::Pending };
        // Tokio limits the work of a task in each poll (the cooperative budget). If a body uses up this budget in each
        // poll, tokio's `Sleep` stays pending for ever. This method therefore also compares the end of the timer with
        // the clock.
        if sleep.as_mut().poll(cx).is_ready() || clock::is_past(sleep.deadline()) {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

pin_project! {
    /// The future that [`Timer::race`] returns: a future with a time limit.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless polled"]
    pub struct Raced<'t, F> {
        timer: Pin<&'t mut Timer>,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Raced<'_, F> {
    type Output = Option<F::Output>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if this.timer.has_no_time() {
            return Poll::Ready(None);
        }
        match this.future.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => this.timer.as_mut().poll(cx).map(|()| None),
        }
    }
}
