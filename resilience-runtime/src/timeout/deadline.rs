//! Implements deadlines. A deadline is a time limit that a caller sets for the retries, hedges, bulkheads, rate limits
//! and timeouts inside a future.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::of_thread::of_thread;

/// Sets a time limit for the retries, hedges, bulkheads, rate limits and timeouts inside `future`. The time limit
/// starts when `deadline` is called, and not at the first poll. With a `time` of zero, the deadline has passed at once.
/// A `time` of more than 438 years counts as 438 years.
///
/// `deadline` reads tokio's clock when it is called. In a test on a paused clock, call `deadline` inside the runtime.
/// Outside the runtime, as in `runtime.block_on(deadline(time, call))`, `deadline` reads the real clock. If the test has
/// advanced its clock, the deadline is then too early.
///
/// - A retry returns its last error if the next pause would leave no time for another attempt.
/// - A hedge starts no further attempt after the deadline.
/// - If a call still waits in the queue of a bulkhead at the deadline, the bulkhead rejects the call.
/// - If a rate limit can admit a call only after the deadline, the rate limit rejects the call at once.
/// - A timeout ends its call at the deadline. A timeout starts no call after the deadline.
///
/// Circuits and fallbacks do not wait, and ignore the deadline. The deadline alone does not end `future`: a future
/// without any of the five layers in the list runs to its end. A retry without a timeout makes its first attempt even
/// after the deadline. If deadlines are nested, the earliest deadline applies.
///
/// The deadline applies on every thread that polls `future`, but not in a task that `future` spawns. Use
/// [`deadline_remaining`] to pass the deadline to a spawned task. As an exception, if `future` runs a tokio `LocalSet`
/// or a current-thread runtime, the deadline also applies to the tasks of this set or runtime.
///
/// If `future` calls a function that is not `async`, the deadline also applies to this function. A retry of this
/// function starts no pause that would last until the deadline.
///
/// # Cancel safety
///
/// The future that this function returns is as cancel safe as `future`.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{deadline, deadline_remaining, retry};
/// use tokio::time::Instant;
///
/// #[retry(max = 9, delay = 1)]
/// async fn ask() -> std::io::Result<()> {
///     assert!(deadline_remaining().is_some());
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// let begin = Instant::now();
/// let answer = deadline(Duration::from_secs(5), ask()).await;
/// assert!(answer.is_err());
/// assert_eq!(begin.elapsed().as_secs(), 3); // the pause of four seconds would end too late
/// # }
/// ```
#[doc(alias = "total timeout")]
pub fn deadline<F: IntoFuture>(time: Duration, future: F) -> Deadline<F::IntoFuture> {
    Deadline { until: Tick::now().after(time), future: future.into_future() }
}

/// Returns the time until the [`deadline`] around the current future. Returns `None` if no deadline is set.
///
/// The time is zero if the deadline has passed.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{deadline, deadline_remaining};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// assert_eq!(deadline_remaining(), None);
/// let handed_over = deadline(Duration::from_secs(5), async {
///     let left = deadline_remaining().unwrap();
///     tokio::spawn(deadline(left, async { deadline_remaining() })).await.unwrap()
/// });
/// assert!(handed_over.await.unwrap() <= Duration::from_secs(5));
/// # }
/// ```
#[inline]
pub fn deadline_remaining() -> Option<Duration> {
    current().map(left)
}

/// Returns the shorter of `time` and the time until the caller's deadline.
#[inline]
pub(crate) fn within(time: Duration) -> Duration {
    deadline_remaining().map_or(time, |left| left.min(time))
}

/// Returns the shorter of `time` and the time until the caller's deadline. Sets `by_deadline` to true if the deadline
/// comes before the end of `time`. The caller initializes `by_deadline` with false. Returning a pair instead would take
/// two more instructions.
#[inline]
pub fn allowed(time: Duration, by_deadline: &mut bool) -> Duration {
    match deadline_remaining() {
        Some(left) if left < time => {
            *by_deadline = true;
            left
        }
        _ => time,
    }
}

/// Returns the deadline of the future that this thread currently polls.
#[inline]
fn current() -> Option<Tick> {
    of_thread(|thread| thread.deadline.get())
}

fn set_current(deadline: Option<Tick>) {
    of_thread(|thread| thread.deadline.set(deadline));
}

fn left(until: Tick) -> Duration {
    until.since(Tick::now())
}

pin_project_lite::pin_project! {
    /// Polls a future with a time limit for the layers inside. [`deadline`] returns this future.
    ///
    /// ```
    /// use std::future::Ready;
    /// use std::time::Duration;
    /// use resilience_runtime::{Deadline, deadline};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let limited: Deadline<Ready<u32>> = deadline(Duration::from_secs(5), std::future::ready(7));
    /// assert_eq!(limited.await, 7);
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Deadline<F> {
        until: Tick,
        #[pin]
        future: F,
    }
}

impl<F: Future> Future for Deadline<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let outer = current();
        set_current(Some(outer.map_or(*this.until, |outer| outer.min(*this.until))));
        let _restored = Restore(outer);
        this.future.poll(cx)
    }
}

/// A guard that restores the previous value of the current deadline when a poll ends, even if the poll
/// panics.
struct Restore(Option<Tick>);

impl Drop for Restore {
    fn drop(&mut self) {
        set_current(self.0);
    }
}
