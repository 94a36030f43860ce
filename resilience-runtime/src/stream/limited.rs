//! Defines [`LimitedStream`], which limits the time that a stream takes for each item.

use std::any::type_name;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::FusedStream;
use pin_project_lite::pin_project;

use crate::rejection::Rejection;
use crate::timeout::deadline::within;
use crate::timeout::error::TimeoutError;
use crate::timeout::timeout::Timer;

pin_project! {
    /// Limits the time that a stream takes for its first item and for each later item.
    ///
    /// If a limit expires, the stream returns one `Err`, which contains a [`TimeoutError`], and then `None`. The inner
    /// stream is dropped before the `Err` is returned. If an item is ready when the limit expires, the stream returns
    /// the item.
    ///
    /// The time for an item starts when the consumer first polls the stream for this item. The time between the
    /// previous item and this poll does not count. If a [`deadline`](crate::deadline()) around this poll is earlier
    /// than the limit, the limit expires at the deadline. If the limit for an item is zero, the inner stream is not
    /// polled for this item.
    ///
    /// If a circuit [watches](crate::OwnedPermit::watch) this stream, the circuit counts an expired limit as a failure.
    /// If the limit expired at the caller's deadline, the call counts as neither success nor failure. As an exception,
    /// the call counts as a failure if no item came for the time
    /// [`hung_after`](crate::CircuitBuilder::hung_after).
    ///
    /// A fallback with `on = "rejected"` does not replace the `Err` of an expired limit, because the call that returned
    /// the stream has started. [`Rejection::was_called`] therefore returns true for this `Err`.
    ///
    /// ```
    /// use std::io;
    /// use std::time::Duration;
    /// use futures_util::{StreamExt, stream};
    /// use resilience_runtime::{CircuitBreaker, LimitedStream};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("limited_example").build()?;
    /// let stalled = || stream::iter([Ok("Hello")]).chain(stream::pending());
    /// let mut tokens = Box::pin(breaker.watch(|| {
    ///     LimitedStream::new(stalled()).first_item(Duration::from_secs(5)).idle(Duration::from_secs(30))
    /// })?);
    /// assert_eq!(tokens.next().await.unwrap()?, "Hello");
    /// let error: io::Error = tokens.next().await.unwrap().unwrap_err();
    /// assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    /// assert!(tokens.next().await.is_none());
    /// assert_eq!(breaker.stats().failures, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the next item has a limit and is not ready, a poll outside a tokio runtime panics. The poll also panics if
    /// the timer of the runtime is not enabled.
    #[must_use = "streams do nothing unless polled"]
    pub struct LimitedStream<S, E> {
        #[pin]
        stream: Option<S>,
        // The timer for the next item.
        #[pin]
        timer: Option<Timer>,
        // The time for the next item: its limit, or the time to an earlier deadline.
        allowed: Duration,
        has_item: bool,
        first_item: Option<Duration>,
        idle: Option<Duration>,
        error: fn(TimeoutError) -> E,
    }
}

impl<S, E> LimitedStream<S, E> {
    /// Wraps `stream`, at first without limits. If a limit expires, `From<Rejection>` converts the [`TimeoutError`] to
    /// the error type of the stream.
    pub fn new<T>(stream: S) -> Self
    where
        S: Stream<Item = Result<T, E>>,
        E: From<Rejection>,
    {
        Self::with_error(stream, |error| Rejection::Timeout(error).into())
    }

    /// Wraps `stream`, at first without limits. If a limit expires, the function `error`, such as `From::from`,
    /// converts the [`TimeoutError`] to the error type of the stream.
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures_util::{StreamExt, stream};
    /// use resilience_runtime::{LimitedStream, TimeoutError};
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let silent = stream::pending::<Result<u32, TimeoutError>>();
    /// let limited = LimitedStream::with_error(silent, |error| error).first_item(Duration::from_secs(5));
    /// let items: Vec<_> = limited.collect().await;
    /// assert_eq!(items[0].as_ref().unwrap_err().after(), Duration::from_secs(5));
    /// # Ok(())
    /// # }
    /// ```
    pub fn with_error<T>(stream: S, error: fn(TimeoutError) -> E) -> Self
    where
        S: Stream<Item = Result<T, E>>,
    {
        Self {
            stream: Some(stream),
            timer: None,
            allowed: Duration::ZERO,
            has_item: false,
            first_item: None,
            idle: None,
            error,
        }
    }

    /// Sets the longest time from the first poll to the first item. Every duration is allowed. With zero, the limit
    /// expires at the first poll. Default: no limit.
    pub fn first_item(mut self, time: Duration) -> Self {
        self.first_item = Some(time);
        self
    }

    /// Sets the longest wait for each item after the first, and for the end of the stream. The time starts with the
    /// first poll after the previous item. Every duration is allowed. With zero, the limit expires at this poll.
    /// Default: no limit.
    pub fn idle(mut self, time: Duration) -> Self {
        self.idle = Some(time);
        self
    }
}

impl<T, E, S: Stream<Item = Result<T, E>>> Stream for LimitedStream<S, E> {
    type Item = Result<T, E>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut this = self.project();
        let Some(stream) = this.stream.as_mut().as_pin_mut() else {
            return Poll::Ready(None);
        };
        let Some(limit) = (if *this.has_item { *this.idle } else { *this.first_item }) else {
            let poll = stream.poll_next(cx);
            match &poll {
                Poll::Ready(Some(_)) => *this.has_item = true,
                Poll::Ready(None) => this.stream.set(None),
                Poll::Pending => {}
            }
            return poll;
        };
        if this.timer.is_none() {
            *this.allowed = within(limit);
            this.timer.set(Some(Timer::new(*this.allowed)));
        }
        if !this.allowed.is_zero() {
            if let Poll::Ready(item) = stream.poll_next(cx) {
                this.timer.set(None);
                *this.has_item = true;
                if item.is_none() {
                    this.stream.set(None);
                }
                return Poll::Ready(item);
            }
            if this.timer.as_mut().as_pin_mut().is_some_and(|timer| timer.poll(cx).is_pending()) {
                return Poll::Pending;
            }
        }
        this.timer.set(None);
        this.stream.set(None);
        let error = TimeoutError::of_stream(type_name::<S>(), *this.allowed, limit);
        Poll::Ready(Some(Err((this.error)(error))))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.stream {
            // Adds one to the upper bound, for the `Err` that the stream returns if a limit expires.
            Some(stream) => (0, stream.size_hint().1.and_then(|most| most.checked_add(1))),
            None => (0, Some(0)),
        }
    }
}

impl<T, E, S: Stream<Item = Result<T, E>>> FusedStream for LimitedStream<S, E> {
    fn is_terminated(&self) -> bool {
        self.stream.is_none()
    }
}

impl<S, E> fmt::Debug for LimitedStream<S, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitedStream")
            .field("first_item", &self.first_item)
            .field("idle", &self.idle)
            .field("is_ended", &self.stream.is_none())
            .finish_non_exhaustive()
    }
}
