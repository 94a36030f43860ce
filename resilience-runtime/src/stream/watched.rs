//! Defines [`WatchedStream`], a stream that holds a permit of a circuit or a slot of a bulkhead.

use std::fmt;
use std::mem::forget;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::FusedStream;
use pin_project_lite::pin_project;

use crate::stream::permit::WatchedPermit;
use crate::stream::watch::Watch;

pin_project! {
    /// Wraps a stream, and holds a permit of a circuit or a slot of a bulkhead.
    ///
    /// These methods return a watched stream:
    ///
    /// - [`OwnedPermit::watch`](crate::OwnedPermit::watch) and [`CircuitBreaker::watch`](crate::CircuitBreaker::watch)
    ///   count the stream as one call of a circuit.
    /// - [`OwnedBulkheadSlot::watch`](crate::OwnedBulkheadSlot::watch) occupies a slot of a bulkhead until the stream
    ///   ends or is dropped.
    ///
    /// A watched stream returns the items of the inner stream unchanged. When the inner stream ends, the watched stream
    /// drops the inner stream. Each later poll returns `None`, even if the inner stream would return another item. If a
    /// poll of the inner stream panics, the panic continues in the caller, and each later poll returns `None`.
    ///
    /// A watched stream allocates no memory, and implements [`Unpin`] if the inner stream does.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use resilience_runtime::CircuitBreaker;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("watched_stream_example").build()?;
    /// let mut numbers = breaker.watch(|| stream::iter([Ok::<_, std::io::Error>(1), Ok(2)]))?;
    /// assert_eq!(numbers.next().await.transpose()?, Some(1));
    /// drop(numbers); // before the end of the stream
    /// assert_eq!(breaker.stats().total_cancelled, 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use = "streams do nothing unless polled"]
    pub struct WatchedStream<S, W = WatchedPermit> {
        // This field comes before `watch`, so that the inner stream is dropped before a slot of a bulkhead becomes
        // free.
        #[pin]
        stream: Option<S>,
        watch: Option<W>,
        has_panicked: bool,
    }
}

impl<S, W> WatchedStream<S, W> {
    pub(crate) fn new(stream: S, watch: W) -> Self {
        Self { stream: Some(stream), watch: Some(watch), has_panicked: false }
    }

    pub(crate) fn watch_mut(&mut self) -> Option<&mut W> {
        self.watch.as_mut()
    }
}

impl<S: Stream, W: Watch<S::Item>> Stream for WatchedStream<S, W> {
    type Item = S::Item;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let mut this = self.project();
        let Some(stream) = this.stream.as_mut().as_pin_mut().filter(|_| !*this.has_panicked) else {
            return Poll::Ready(None);
        };
        if let Some(watch) = this.watch {
            watch.begin_poll();
        }
        let unwinding = Unwinding { watch: this.watch, has_panicked: this.has_panicked };
        let poll = W::observe(unwinding.watch, || stream.poll_next(cx));
        if let Poll::Ready(None) = poll {
            this.stream.set(None);
        }
        forget(unwinding);
        if let Some(watch) = this.watch {
            watch.end_poll();
        }
        match &poll {
            Poll::Ready(Some(item)) => W::examine(this.watch, item),
            Poll::Ready(None) => {
                if let Some(watch) = this.watch.take() {
                    watch.end();
                }
            }
            Poll::Pending => {}
        }
        poll
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.stream {
            Some(stream) if !self.has_panicked => stream.size_hint(),
            _ => (0, Some(0)),
        }
    }
}

impl<S: Stream, W: Watch<S::Item>> FusedStream for WatchedStream<S, W> {
    fn is_terminated(&self) -> bool {
        self.stream.is_none() || self.has_panicked
    }
}

/// A guard that drops the permit or the slot at once if a poll panics. The owner of the stream may catch the panic and
/// keep the stream. Without this guard, the stream would then hold the permit or the slot for too long.
struct Unwinding<'a, W> {
    watch: &'a mut Option<W>,
    has_panicked: &'a mut bool,
}

impl<W> Drop for Unwinding<'_, W> {
    fn drop(&mut self) {
        *self.has_panicked = true;
        drop(self.watch.take());
    }
}

impl<S, W: fmt::Debug> fmt::Debug for WatchedStream<S, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchedStream")
            .field("watch", &self.watch)
            .field("is_ended", &(self.stream.is_none() || self.has_panicked))
            .finish_non_exhaustive()
    }
}
