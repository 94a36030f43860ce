//! Ending a call that takes too long.

use std::any::type_name;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use thiserror::Error;
use tokio::time::{Instant, Sleep, sleep_until};
use tracing::debug;

use crate::base::clock::{self, LONGEST, fits};
use crate::base::config_error::ConfigError;
use crate::base::config_error::Value;
use crate::events::{self, TARGET};
use crate::timeout::deadline::within;

/// The error of a call that a timeout has ended.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{Timeout, TimeoutError};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let timeout = Timeout::new(Duration::from_millis(250))?;
/// let error: TimeoutError = timeout.call(|| std::future::pending::<Result<(), _>>()).await.unwrap_err();
/// assert_eq!(error.after(), Duration::from_millis(250));
/// assert_eq!(error.to_string(), "timed out after 250ms");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[error("timed out after {after:?}{}", if self.by_deadline { ", at the deadline" } else { "" })]
pub struct TimeoutError {
    after: Duration,
    by_deadline: bool,
}

impl TimeoutError {
    /// How long the call was allowed to take: as long as the timeout says, or until the [`deadline`](crate::deadline()) of the
    /// caller.
    pub fn after(&self) -> Duration {
        self.after
    }

    /// Whether it was the deadline of the caller that came first. The service had less time then than it may take, so this
    /// is no failure of its own.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{Timeout, TimeoutError, deadline};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let timeout = Timeout::new(Duration::from_secs(5))?;
    /// let hurried = deadline(Duration::from_secs(1), timeout.call(|| std::future::pending::<Result<(), TimeoutError>>()));
    /// let error = hurried.await.unwrap_err();
    /// assert!(error.by_deadline() && error.after() <= Duration::from_secs(1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn by_deadline(&self) -> bool {
        self.by_deadline
    }
}

/// Of the kind [`TimedOut`](io::ErrorKind::TimedOut), with the timeout as its source.
impl From<TimeoutError> for io::Error {
    fn from(error: TimeoutError) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}

/// How long a call may take; less where a [`deadline`](crate::deadline()) around it comes sooner.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use resilience_runtime::Timeout;
/// use tokio::time::sleep;
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let timeout = Timeout::new(Duration::from_secs(5))?;
/// let answer: io::Result<()> = timeout
///     .call(|| async {
///         sleep(Duration::from_secs(60)).await;
///         Ok(())
///     })
///     .await;
/// assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::TimedOut);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeout {
    after: Duration,
}

impl Timeout {
    /// A timeout after so long: longer than zero, at most 584 years.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for a time outside this range.
    pub fn new(after: Duration) -> Result<Self, ConfigError> {
        let error = |allowed: &'static str| Err(ConfigError::new("timeout", Value::Time(after).to_string(), allowed));
        match after {
            Duration::ZERO => error("longer than zero"),
            _ if !fits(after) => error(LONGEST),
            _ => Ok(Self { after }),
        }
    }

    /// Calls `f`, and drops its future when it has not ended in time. What is ready at the same moment counts as in
    /// time. When a [`deadline`](crate::deadline()) has passed already, the future is dropped before it begins.
    ///
    /// # Errors
    ///
    /// That of the call, or one made from a [`TimeoutError`].
    ///
    /// # Panics
    ///
    /// When the call has to wait outside a tokio runtime with its timer enabled.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future drops the call.
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
        E: From<TimeoutError>,
    {
        let allowed = within(self.after);
        let timer = pin!(Timer::new(allowed));
        match timer.race(f()).await {
            Some(outcome) => outcome,
            None => Err(TimeoutError::new(type_name::<F>(), allowed, self.after).into()),
        }
    }
}

impl TimeoutError {
    /// Creates the error of a call that a timeout ended, and emits its event.
    #[cold]
    pub(crate) fn new(func: &str, allowed: Duration, after: Duration) -> Self {
        if events::debug_wanted() {
            timed_out_event(func, allowed);
        }
        Self { after: allowed, by_deadline: allowed < after }
    }
}

#[cold]
fn timed_out_event(func: &str, after: Duration) {
    debug!(name: "timed_out", target: TARGET, func, after = after.as_secs_f64(), "timed_out");
}

pin_project! {
    /// Runs from the moment it is made; a call that never waits does not touch tokio's timer.
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
        // No clock goes that far.
        Never,
        // There was no time from the beginning on.
        Over,
        Waiting { end: Instant },
        Sleeping { #[pin] sleep: Sleep },
    }
}

impl Timer {
    /// Begins now.
    #[must_use]
    pub fn new(after: Duration) -> Self {
        let state = match clock::end(after) {
            _ if after.is_zero() => State::Over,
            Some(end) => State::Waiting { end },
            None => State::Never,
        };
        Self { state }
    }

    /// What `future` comes to before the time is over. It does not begin where there is none.
    pub fn race<F: Future>(self: Pin<&mut Self>, future: F) -> Raced<'_, F> {
        Raced { timer: self, future }
    }

    pub(crate) fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.project().state;
        if let State::Waiting { end } = *state {
            state.set(State::Sleeping { sleep: sleep_until(end) });
        }
        let mut sleep = match state.project() {
            Projected::Sleeping { sleep } => sleep,
            Projected::Over => return Poll::Ready(()),
            Projected::Never | Projected::Waiting { .. } => return Poll::Pending,
        };
        // A body that always uses up tokio's budget leaves nothing of it for the timer, which then never rings.
        if sleep.as_mut().poll(cx).is_ready() || clock::is_past(sleep.deadline()) {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}

pin_project! {
    /// A future that a timer may end.
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
        if matches!(this.timer.state, State::Over) {
            return Poll::Ready(None);
        }
        match this.future.poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => this.timer.as_mut().poll(cx).map(|()| None),
        }
    }
}
