//! How long a caller will wait, told to every layer below.

use std::cell::Cell;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::base::clock::Tick;

thread_local! {
    /// Until when the future has time that is being polled on this thread.
    static UNTIL: Cell<Option<Tick>> = const { Cell::new(None) };
}

/// Tells the layers within `future` that there is so much `time`, counted from here. A retry begins no pause after which
/// no time would be left for another attempt, a hedge no attempt after the deadline; a bulkhead keeps nobody waiting any longer, and
/// a timeout ends there, without beginning when it has passed. Circuits, rate limits and fallbacks do not wait, and go by no deadline.
///
/// It ends nothing by itself: a future without such layers comes to what it comes to, a retry to its last error. There is always a
/// first attempt, unless a timeout above or below it has no time for one. Deadlines nest; the earliest one counts.
///
/// The deadline goes along with the future, from thread to thread, and not with a task that the future spawns: hand it
/// over with [`deadline_remaining`]. Only the tasks of a `LocalSet` that the future itself runs have it, too.
///
/// # Cancel safety
///
/// As that of `future`.
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
pub fn deadline<F: IntoFuture>(time: Duration, future: F) -> Deadline<F::IntoFuture> {
    Deadline { until: Tick::now().after(time), future: future.into_future() }
}

/// What is left until the [`deadline`] around the code that asks, zero when it has passed; none without a deadline.
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
    UNTIL.get().map(left)
}

/// So much of `time` as there is before the deadline.
#[inline]
pub fn within(time: Duration) -> Duration {
    deadline_remaining().map_or(time, |left| left.min(time))
}

fn left(until: Tick) -> Duration {
    until.since(Tick::now())
}

pin_project_lite::pin_project! {
    /// The future of [`deadline`].
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
        let outer = UNTIL.get();
        UNTIL.set(Some(outer.map_or(*this.until, |outer| outer.min(*this.until))));
        let _restored = Restore(outer);
        this.future.poll(cx)
    }
}

/// Restores the outer deadline after a poll, also after a panic.
struct Restore(Option<Tick>);

impl Drop for Restore {
    fn drop(&mut self) {
        UNTIL.set(self.0);
    }
}
