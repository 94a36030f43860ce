//! Defines the error of a call that a timeout ended.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::base::not_made::{End, TimedOut};
use crate::events::{self, event};

/// Reports that a timeout, such as a [`Timeout`](crate::Timeout) or `#[timeout]`, ended a call. A timeout also returns
/// this error, and does not start the call, if its time is zero or the caller's [`deadline`](crate::deadline()) has
/// passed.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{TimeoutError, timeout};
///
/// #[timeout("250ms")]
/// async fn ask() -> Result<(), TimeoutError> {
///     std::future::pending().await
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let error = ask().await.unwrap_err();
/// assert_eq!(error.after(), Duration::from_millis(250));
/// assert_eq!(error.to_string(), "timed out after 250ms");
/// # }
/// ```
#[doc(alias = "Elapsed")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("timed out after {:?}{}", source.after, if self.by_deadline() { ", at the deadline" } else { "" })]
pub struct TimeoutError {
    source: TimedOut,
}

impl TimeoutError {
    /// Returns the time that the call was allowed to take: the time of the timeout, or the shorter time to the caller's
    /// [`deadline`](crate::deadline()).
    pub fn after(&self) -> Duration {
        self.source.after
    }

    /// Returns true if the caller's deadline ended the call, or had passed before the call. Returns false if the
    /// timeout itself ended the call.
    ///
    /// If the deadline ended the call, the called service had less time than the timeout allows. The error then does
    /// not indicate a fault of the service.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{TimeoutError, deadline, timeout};
    ///
    /// #[timeout(5)]
    /// async fn ask() -> Result<(), TimeoutError> {
    ///     std::future::pending().await
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() {
    /// let error = deadline(Duration::from_secs(1), ask()).await.unwrap_err();
    /// assert!(error.by_deadline() && error.after() <= Duration::from_secs(1));
    /// # }
    /// ```
    pub fn by_deadline(&self) -> bool {
        matches!(self.source.by, End::BeforeCall(_) | End::DuringCall(_))
    }

    /// Returns whether the call started. A call does not start if its timeout is zero or the caller's deadline has
    /// passed.
    pub(crate) fn was_called(&self) -> bool {
        matches!(self.source.by, End::Timeout | End::DuringCall(_))
    }

    pub(crate) fn mark(&self) -> &TimedOut {
        &self.source
    }

    /// Rebuilds the error from its source, a [`TimedOut`].
    pub(crate) fn of(mark: &TimedOut) -> Self {
        Self { source: mark.clone() }
    }

    /// Creates the error of a call that a timeout ended, and emits the event `timed_out`. `allowed` is the time that
    /// the call was allowed to take. `by_deadline` states whether this time ended at the caller's deadline.
    #[cold]
    pub(crate) fn new(func: &str, allowed: Duration, by_deadline: bool) -> Self {
        Self::ended(func, allowed, End::new(allowed, by_deadline))
    }

    /// Works like [`new`](Self::new), for a stream. [`was_called`](Self::was_called) returns true, because the call
    /// that returned the stream has started.
    #[cfg(feature = "stream")]
    #[cold]
    pub(crate) fn of_stream(func: &str, allowed: Duration, after: Duration) -> Self {
        Self::ended(func, allowed, End::of_started(allowed < after))
    }

    fn ended(func: &str, allowed: Duration, by: End) -> Self {
        if events::debug_wanted() {
            timed_out_event(func, allowed);
        }
        Self { source: TimedOut { after: allowed, by } }
    }
}

/// Wraps the [`TimeoutError`] in an `io::Error` of the kind [`TimedOut`](io::ErrorKind::TimedOut).
impl From<TimeoutError> for io::Error {
    fn from(error: TimeoutError) -> Self {
        Self::new(io::ErrorKind::TimedOut, error)
    }
}

#[cold]
fn timed_out_event(func: &str, after: Duration) {
    event!(debug, "timed_out", func, after = after.as_secs_f64());
}
