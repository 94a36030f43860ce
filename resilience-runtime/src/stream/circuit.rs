//! Defines the methods `watch` of permits and circuits.

use futures_core::Stream;

use crate::base::accepts::Accepts;
use crate::base::noted::Before;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::classifier::Classifier;
use crate::circuit::error::CircuitOpenError;
use crate::circuit::permit::OwnedPermit;
use crate::stream::judge::AnyItem;
use crate::stream::permit::WatchedPermit;
use crate::stream::watched::WatchedStream;

impl<S, J> WatchedStream<S, WatchedPermit<J>> {
    /// Measures the duration of the call until the first item, instead of until the end of the stream. The circuit
    /// compares this duration with [`slow_call`](crate::CircuitBuilder::slow_call). The duration starts when the
    /// circuit admits the call.
    ///
    /// The field `duration_ms` of the events and the option [`durations`](crate::CircuitBuilder::durations) use the
    /// same duration. If the stream ends without an item, the duration lasts until the end of the stream. If the stream
    /// panics or is dropped, the duration lasts until this moment. The same applies if a deadline of the caller ends
    /// the stream with an error. The option [`hung_after`](crate::CircuitBuilder::hung_after) always applies to each
    /// wait for an item.
    ///
    /// ```
    /// use std::time::Duration;
    /// use futures_util::{StreamExt, stream};
    /// use resilience_runtime::CircuitBreaker;
    /// use tokio::time::advance;
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("first_item_example")
    ///     .slow_call(Duration::from_secs(1))
    ///     .slow_rate(1.0)
    ///     .calls(10)
    ///     .min_calls(10)
    ///     .build()?;
    /// let tokens = || stream::iter([Ok::<_, std::io::Error>("Hello")]);
    /// let mut tokens = breaker.watch(tokens)?.slow_at_first_item();
    /// assert!(tokens.next().await.is_some());
    /// advance(Duration::from_secs(60)).await; // the stream goes on, but its first item was not late
    /// assert!(tokens.next().await.is_none());
    /// assert_eq!((breaker.stats().window_total, breaker.stats().window_slow), (1, 0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn slow_at_first_item(mut self) -> Self {
        if let Some(watch) = self.watch_mut() {
            watch.slow_at_first_item();
        }
        self
    }
}

impl OwnedPermit {
    /// Wraps `stream` in a stream that holds the permit. The circuit counts the stream as one call:
    ///
    /// | end of the stream | outcome of the call |
    /// |---|---|
    /// | the stream ends without an error | success |
    /// | the first error | failure, or neither success nor failure if the error is a rejection or an expired deadline |
    /// | the stream panics during a poll | failure |
    /// | the stream is dropped before its end | cancelled, or failure if no item came for [`hung_after`](crate::CircuitBuilder::hung_after) |
    ///
    /// The first error decides the outcome of the call. Later items do not change this outcome. If a stream is dropped
    /// before its first poll, its call is cancelled, too.
    ///
    /// The error type `E` need not implement any trait. The circuit detects a rejection or an expired deadline in the
    /// same way as [`CircuitBreaker::call`]. With [`watch_with`](Self::watch_with), a classifier judges the items. A
    /// [`LimitedStream`](crate::LimitedStream) adds time limits to a stream.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use resilience_runtime::CircuitBreaker;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("watch_example").build()?;
    /// let tokens = stream::iter([Ok("Hello"), Err("connection lost")]);
    /// let mut tokens = breaker.try_acquire_owned()?.watch(tokens);
    /// assert_eq!(tokens.next().await, Some(Ok("Hello")));
    /// assert_eq!(tokens.next().await, Some(Err("connection lost")));
    /// assert_eq!(breaker.stats().failures, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch<S, T, E>(self, stream: S) -> WatchedStream<S>
    where
        S: Stream<Item = Result<T, E>>,
    {
        WatchedStream::new(stream, WatchedPermit::new(self, AnyItem))
    }

    /// Works like [`watch`](Self::watch), but lets `classifier` judge the items of the stream. The call fails at the
    /// first `Ok` item for which [`failure_if_ok`](crate::ClassifierBuilder::failure_if_ok) returns true. If
    /// [`failure_if`](crate::ClassifierBuilder::failure_if) returns false for the first error, the call counts as
    /// neither success nor failure.
    ///
    /// If a function of the classifier panics, the call counts as cancelled.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use resilience_runtime::{CircuitBreaker, Classifier};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("watch_with_example").build()?;
    /// let classifier = Classifier::builder().failure_if_ok(|token: &&str| token.is_empty()).build()?;
    /// let tokens = stream::iter([Ok::<_, std::io::Error>("Hello"), Ok("")]);
    /// let tokens = breaker.try_acquire_owned()?.watch_with(&classifier, tokens);
    /// assert_eq!(tokens.count().await, 2);
    /// assert_eq!(breaker.stats().failures, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch_with<S, T, E, X, V>(
        self,
        classifier: &Classifier<X, V>,
        stream: S,
    ) -> WatchedStream<S, WatchedPermit<Classifier<X, V>>>
    where
        S: Stream<Item = Result<T, E>>,
        X: Accepts<E> + ?Sized + 'static,
        V: Accepts<T> + ?Sized,
    {
        WatchedStream::new(stream, WatchedPermit::new(self, classifier.clone()))
    }
}

impl CircuitBreaker {
    /// Calls `f` if the circuit admits the call. `f` returns a stream, which the circuit counts as one call. The table
    /// of [`OwnedPermit::watch`] lists the outcomes of this call.
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use resilience_runtime::CircuitBreaker;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("breaker_watch_example").build()?;
    /// let numbers = breaker.watch(|| stream::iter([Ok::<_, std::io::Error>(1), Ok(2)]))?;
    /// assert_eq!(numbers.count().await, 2);
    /// assert_eq!(breaker.stats().successes, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns a [`CircuitOpenError`] without calling `f` if the circuit rejects the call.
    ///
    /// # Panics
    ///
    /// A panic of `f` or of the stream counts as a failure, and continues in the caller.
    pub fn watch<S, T, E>(&self, f: impl FnOnce() -> S) -> Result<WatchedStream<S>, CircuitOpenError>
    where
        S: Stream<Item = Result<T, E>>,
    {
        self.start_stream(AnyItem, f)
    }

    /// Works like [`watch`](Self::watch), but lets `classifier` judge the items of the stream.
    /// [`OwnedPermit::watch_with`] describes the outcome of the call.
    ///
    /// # Errors
    ///
    /// Returns a [`CircuitOpenError`] without calling `f` if the circuit rejects the call.
    ///
    /// # Panics
    ///
    /// A panic of `f` or of the stream counts as a failure, and continues in the caller.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures_util::{StreamExt, stream};
    /// use resilience_runtime::{CircuitBreaker, Classifier};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("breaker_watch_with_example").build()?;
    /// let classifier = Classifier::builder().failure_if_ok(|token: &&str| token.is_empty()).build()?;
    /// let tokens = breaker.watch_with(&classifier, || stream::iter([Ok::<_, std::io::Error>("")]))?;
    /// assert_eq!(tokens.count().await, 1);
    /// assert_eq!(breaker.stats().failures, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch_with<S, T, E, X, V>(
        &self,
        classifier: &Classifier<X, V>,
        f: impl FnOnce() -> S,
    ) -> Result<WatchedStream<S, WatchedPermit<Classifier<X, V>>>, CircuitOpenError>
    where
        S: Stream<Item = Result<T, E>>,
        X: Accepts<E> + ?Sized + 'static,
        V: Accepts<T> + ?Sized,
    {
        self.start_stream(classifier.clone(), f)
    }

    fn start_stream<S, J>(
        &self,
        judge: J,
        f: impl FnOnce() -> S,
    ) -> Result<WatchedStream<S, WatchedPermit<J>>, CircuitOpenError> {
        let mut permit = self.try_acquire_owned()?;
        let before = Before::now();
        permit.begin_poll();
        let stream = f();
        permit.end_poll();
        let watch = WatchedPermit::new(permit, judge).with_changes(before.changes());
        Ok(WatchedStream::new(stream, watch))
    }
}
