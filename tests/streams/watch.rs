//! Tests the methods `watch` of circuits, permits and slots.

use std::cell::Cell;
use std::marker::PhantomPinned;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::stream::{self, FusedStream};
use futures_util::{FutureExt, Stream, StreamExt};
use resilience_runtime::{Bulkhead, CircuitBreaker, CircuitState, Classifier, WatchedPermit, WatchedStream};
use support::{Error, assert_send, seconds};
use tokio::time::advance;

use crate::script::{Script, Step, poll};

fn breaker() -> CircuitBreaker {
    CircuitBreaker::builder("streams::watch").threshold(1).cooldown(seconds(5)).build().unwrap()
}

fn counts(breaker: &CircuitBreaker) -> [u64; 4] {
    let stats = breaker.stats();
    [stats.total_succeeded, stats.total_failed, stats.total_ignored, stats.total_cancelled]
}

#[test]
fn items_are_unchanged_and_end_is_a_success() {
    let breaker = breaker();
    let stream = breaker.watch(|| Script::new(&[Step::Item(1), Step::Item(2), Step::End, Step::Item(3)])).unwrap();
    let mut stream = pin!(stream);
    assert_eq!(poll(stream.as_mut()), Poll::Ready(Some(Ok(1))));
    assert_eq!(poll(stream.as_mut()), Poll::Ready(Some(Ok(2))));
    assert_eq!((counts(&breaker), stream.is_terminated()), ([0; 4], false));
    for _ in 0..3 {
        assert_eq!(poll(stream.as_mut()), Poll::Ready(None));
        assert_eq!((counts(&breaker), stream.is_terminated()), ([1, 0, 0, 0], true));
        assert_eq!(stream.size_hint(), (0, Some(0)));
    }
}

#[test]
fn first_error_decides_and_later_items_pass() {
    let breaker = breaker();
    let steps = [Step::Item(1), Step::Down, Step::Item(2), Step::Down, Step::End];
    let stream = breaker.watch(|| Script::new(&steps)).unwrap();
    let items: Vec<_> = stream.collect().now_or_never().unwrap();
    assert_eq!(items, [Ok(1), Err(Error::Down), Ok(2), Err(Error::Down)]);
    assert_eq!(counts(&breaker), [0, 1, 0, 0]);
}

#[test]
fn rejection_inside_a_stream_is_ignored() {
    let breaker = breaker();
    let stream = breaker.watch(|| Script::new(&[Step::Rejected, Step::Down, Step::End])).unwrap();
    assert_eq!(stream.count().now_or_never(), Some(2));
    assert_eq!(counts(&breaker), [0, 0, 1, 0]);
}

#[test]
fn rejection_in_the_function_that_returns_the_stream_is_ignored() {
    let breaker = breaker();
    let slots = Bulkhead::builder("streams::full", 1).build().unwrap();
    let _slot = slots.try_acquire_owned().unwrap();
    let start = || {
        // This error type hides the rejection, so the circuit finds the rejection by its existence.
        let slot = slots.try_acquire_owned();
        stream::once(async move { slot.map(drop).map_err(Some) })
    };
    assert_eq!(Box::pin(breaker.watch(start).unwrap()).count().now_or_never(), Some(1));
    assert_eq!(counts(&breaker), [0, 0, 1, 0]);
    let classifier = Classifier::builder().build().unwrap();
    let watched = breaker.watch_with(&classifier, start).unwrap();
    assert_eq!(Box::pin(watched).count().now_or_never(), Some(1));
    assert_eq!(counts(&breaker), [0, 0, 2, 0]);

    let handles_the_rejection = || {
        drop(slots.try_acquire_owned());
        Script::new(&[Step::Down, Step::End])
    };
    assert_eq!(breaker.watch(handles_the_rejection).unwrap().count().now_or_never(), Some(1));
    assert_eq!(counts(&breaker), [0, 1, 2, 0]);
}

#[test]
fn rejection_before_the_poll_of_an_error_is_no_excuse() {
    let breaker = breaker();
    let _older = crate::script::rejected();
    let stream = breaker.watch(|| Script::new(&[Step::Pending, Step::Down])).unwrap();
    let mut stream = pin!(stream);
    assert_eq!(poll(stream.as_mut()), Poll::Pending);
    assert_eq!(poll(stream.as_mut()), Poll::Ready(Some(Err(Error::Down))));
    assert_eq!(counts(&breaker), [0, 1, 0, 0]);
}

#[test]
fn stream_that_is_never_polled_is_cancelled() {
    let breaker = breaker();
    drop(breaker.watch(|| Script::new(&[Step::Down])).unwrap());
    assert_eq!(counts(&breaker), [0, 0, 0, 1]);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn dropped_stream_that_hung_is_a_failure() {
    let breaker = CircuitBreaker::builder("streams::hung").hung_after(seconds(1)).build().unwrap();
    for (time, expected) in [(Duration::from_millis(999), [0, 0, 0, 1]), (seconds(1), [0, 1, 0, 1])] {
        let mut stream = breaker.watch(|| Script::new(&[Step::Item(1)])).unwrap().slow_at_first_item();
        assert!(poll(Pin::new(&mut stream)).is_ready());
        advance(seconds(60)).await;
        assert!(poll(Pin::new(&mut stream)).is_pending(), "the time of the consumer does not count");
        advance(time).await;
        drop(stream);
        assert_eq!(counts(&breaker), expected, "{time:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn stream_with_items_does_not_hang() {
    for builder in
        [CircuitBreaker::builder("streams::items"), CircuitBreaker::builder("streams::items").durations(true)]
    {
        let breaker = builder.hung_after(seconds(5)).build().unwrap();
        let mut stream = breaker.watch(|| Script::new(&[Step::Item(1), Step::Pending].repeat(10))).unwrap();
        for _ in 0..10 {
            assert!(poll(Pin::new(&mut stream)).is_ready());
            assert!(poll(Pin::new(&mut stream)).is_pending());
            advance(seconds(4)).await;
        }
        drop(stream);
        assert_eq!(counts(&breaker), [0, 0, 0, 1], "the stream lasted 40 s, but each wait only 4 s");
    }
}

#[tokio::test(start_paused = true)]
async fn consumer_that_calls_the_circuit_between_items_does_not_lock_it_out() {
    let breaker = CircuitBreaker::builder("streams::lookup").hung_after(seconds(5)).build().unwrap();
    let session = async || {
        let tokens = stream::iter(0..10).then(async |token| {
            tokio::time::sleep(seconds(1)).await;
            Ok::<_, ()>(token)
        });
        let mut tokens = pin!(breaker.watch(|| tokens).map_err(drop)?);
        while let Some(token) = tokens.next().await {
            if token? == 6 {
                breaker.call(async || Ok::<_, ()>(())).await.map_err(drop)?;
            }
        }
        Ok::<_, ()>(())
    };
    breaker.trip();
    let mut sessions = 0;
    while breaker.state() != CircuitState::Closed {
        advance(seconds(30)).await;
        _ = session().await;
        sessions += 1;
        assert!(sessions < 10, "{:?}", breaker.stats());
    }
    assert_eq!(breaker.stats().total_failed, 0);
}

#[test]
fn panic_of_a_stream_is_a_failure_at_once() {
    let breaker = breaker();
    let stream = breaker.watch(|| Script::new(&[Step::Panic, Step::Item(1)])).unwrap();
    let mut stream = pin!(stream);
    assert!(catch_unwind(AssertUnwindSafe(|| poll(stream.as_mut()))).is_err());
    assert_eq!(counts(&breaker), [0, 1, 0, 0]);
    for _ in 0..2 {
        assert_eq!((poll(stream.as_mut()), stream.is_terminated()), (Poll::Ready(None), true));
        assert_eq!(stream.size_hint(), (0, Some(0)));
    }
}

#[test]
fn panic_before_the_stream_is_a_failure() {
    let breaker = breaker();
    let made = catch_unwind(AssertUnwindSafe(|| breaker.watch(|| -> Script { resume_unwind(Box::new(())) })));
    assert!(made.is_err());
    assert_eq!(counts(&breaker), [0, 1, 0, 0]);
}

#[test]
fn open_circuit_does_not_start_a_stream() {
    let breaker = breaker();
    breaker.trip();
    let error = breaker.watch(|| -> Script { panic!("started") }).unwrap_err();
    assert_eq!(error.name(), "streams::watch");
    let classifier = Classifier::builder().build().unwrap();
    assert!(breaker.watch_with(&classifier, || -> Script { panic!("started") }).is_err());
}

#[test]
fn stream_on_the_stack_may_borrow() {
    let breaker = breaker();
    let text = String::from("a b");
    let words = breaker.watch(|| stream::iter(text.split(' ').map(Ok::<_, Error>))).unwrap();
    assert_eq!(words.count().now_or_never(), Some(2));
}

#[tokio::test(start_paused = true)]
async fn classifier_judges_items_and_errors() {
    let classifier = Classifier::builder()
        .failure_if(|error: &Error| *error == Error::Down)
        .failure_if_ok(|status: &u16| *status >= 500)
        .retry_after_ok(|_: &u16| Some(seconds(60)))
        .retry_after(|_: &Error| Some(seconds(70)))
        .build()
        .unwrap();
    for (steps, expected, cooldown) in [
        (&[Step::Item(200), Step::Item(503), Step::Item(503), Step::Down][..], [0, 1, 0, 0], 60),
        (&[Step::Item(200), Step::NotFound, Step::Down], [0, 0, 1, 0], 0),
        (&[Step::Item(200), Step::Down], [0, 1, 0, 0], 70),
        (&[Step::Item(200), Step::End], [1, 0, 0, 0], 0),
    ] {
        let breaker = breaker();
        let stream: WatchedStream<_, WatchedPermit<Classifier<Error, u16>>> =
            breaker.watch_with(&classifier, || Script::new(steps)).unwrap();
        let mut stream = pin!(stream);
        while poll(stream.as_mut()).is_ready_and(Option::is_some) {}
        assert_eq!(counts(&breaker), expected, "{steps:?}");
        assert_eq!(breaker.stats().cooldown_remaining, seconds(cooldown), "{steps:?}");
    }
}

trait ReadyAnd<T> {
    fn is_ready_and(&self, f: impl FnOnce(&T) -> bool) -> bool;
}

impl<T> ReadyAnd<T> for Poll<T> {
    fn is_ready_and(&self, f: impl FnOnce(&T) -> bool) -> bool {
        match self {
            Poll::Ready(value) => f(value),
            Poll::Pending => false,
        }
    }
}

#[test]
fn panic_of_a_classifier_cancels_the_call() {
    let classifier = Classifier::builder().failure_if(|_: &Error| resume_unwind(Box::new(()))).build().unwrap();
    let breaker = breaker();
    let stream = breaker.watch_with(&classifier, || Script::new(&[Step::Down, Step::End])).unwrap();
    let mut stream = pin!(stream);
    assert!(catch_unwind(AssertUnwindSafe(|| poll(stream.as_mut()))).is_err());
    assert_eq!(poll(stream.as_mut()), Poll::Ready(None));
    assert_eq!(counts(&breaker), [0, 0, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn slowness_is_judged_at_the_end_or_at_the_first_item() {
    let slow = |steps: &'static [Step], at_first_item, pauses: [u64; 2]| async move {
        let builder = CircuitBreaker::builder("streams::slow").slow_call(seconds(5)).slow_rate(1.0);
        let breaker = builder.min_calls(9).calls(9).build().unwrap();
        let stream = breaker.watch(|| Script::new(steps)).unwrap();
        let mut stream = pin!(if at_first_item { stream.slow_at_first_item() } else { stream });
        for pause in pauses {
            advance(seconds(pause)).await;
            assert!(poll(stream.as_mut()).is_ready());
        }
        breaker.stats().window_slow
    };
    for last in [Step::End, Step::Down] {
        let steps: &'static [Step] = vec![Step::Item(1), last].leak();
        assert_eq!(slow(steps, false, [1, 4]).await, 1);
        assert_eq!(slow(steps, true, [1, 4]).await, 0);
        assert_eq!(slow(steps, true, [5, 0]).await, 1);
    }
    assert_eq!(slow(&[Step::End, Step::End], true, [5, 0]).await, 1);
}

#[tokio::test(start_paused = true)]
async fn trial_stream_closes_or_opens_the_circuit() {
    let breaker = breaker();
    for (steps, state) in
        [(&[Step::Item(1), Step::Down][..], CircuitState::Open), (&[Step::Item(1), Step::End], CircuitState::Closed)]
    {
        breaker.trip();
        advance(seconds(5)).await;
        let trial = breaker.watch(|| Script::new(steps)).unwrap();
        let mut trial = pin!(trial);
        assert!(poll(trial.as_mut()).is_ready());
        assert!(breaker.try_acquire().is_err());
        assert!(poll(trial.as_mut()).is_ready());
        assert_eq!(breaker.state(), state);
    }
    breaker.trip();
    advance(seconds(5)).await;
    drop(breaker.watch(|| Script::new(&[])).unwrap());
    assert!(breaker.try_acquire().is_ok());
}

/// A stream that calls a circuit in each poll.
struct Nested(CircuitBreaker, u32);

impl Stream for Nested {
    type Item = Result<(), Error>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.1 += 1;
        self.0.try_acquire()?.success();
        if self.1 == 3 {
            resume_unwind(Box::new(()));
        }
        Poll::Ready(Some(Ok(())))
    }
}

#[tokio::test(start_paused = true)]
async fn call_inside_a_trial_stream_belongs_to_the_trial() {
    let breaker = breaker();
    breaker.trip();
    advance(seconds(5)).await;
    let mut trial = breaker.watch(|| Nested(breaker.clone(), 0)).unwrap();
    for _ in 0..2 {
        assert_eq!(trial.next().now_or_never(), Some(Some(Ok(()))));
        assert!(breaker.try_acquire().is_err()); // A call outside the polls of the trial stream is rejected.
    }
    assert!(catch_unwind(AssertUnwindSafe(|| trial.next().now_or_never())).is_err());
    assert_eq!((breaker.state(), breaker.stats().total_failed), (CircuitState::Open, 1));
    assert!(breaker.try_acquire().is_err());
}

#[test]
fn slot_is_free_after_the_end_of_a_stream() {
    let bulkhead = Bulkhead::builder("streams::slot", 1).build().unwrap();
    let watch = |steps| bulkhead.try_acquire_owned().unwrap().watch(Script::new(steps));
    for steps in [&[Step::Item(1), Step::End][..], &[Step::Down, Step::Panic]] {
        let mut stream = watch(steps);
        assert!(poll(Pin::new(&mut stream)).is_ready());
        assert!(bulkhead.try_acquire().is_err());
        let _ = catch_unwind(AssertUnwindSafe(|| poll(Pin::new(&mut stream))));
        assert!(bulkhead.try_acquire().is_ok());
    }
    let stream = watch(&[Step::Pending]);
    assert!(bulkhead.try_acquire().is_err());
    drop(stream);
    assert!(bulkhead.try_acquire().is_ok());
}

/// A stream that is not `Unpin`. Its destructor stores whether the bulkhead was full.
struct Pinned<'a> {
    bulkhead: &'a Bulkhead,
    was_full: &'a Cell<bool>,
    _pinned: PhantomPinned,
}

impl Stream for Pinned<'_> {
    type Item = u8;

    fn poll_next(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<u8>> {
        Poll::Ready(None)
    }
}

impl Drop for Pinned<'_> {
    fn drop(&mut self) {
        self.was_full.set(self.bulkhead.try_acquire().is_err());
    }
}

#[test]
fn inner_stream_is_dropped_before_its_slot_is_free() {
    let bulkhead = Bulkhead::builder("streams::order", 1).build().unwrap();
    for polls in [true, false] {
        let was_full = Cell::new(false);
        {
            let inner = Pinned { bulkhead: &bulkhead, was_full: &was_full, _pinned: PhantomPinned };
            let mut stream = pin!(bulkhead.try_acquire_owned().unwrap().watch(inner));
            if polls {
                assert_eq!(poll(stream.as_mut()), Poll::Ready(None));
                assert!(was_full.get() && bulkhead.try_acquire().is_ok());
            }
        }
        assert!(was_full.get());
    }
}

#[test]
fn watches_nest() {
    let (breaker, bulkhead) = (breaker(), Bulkhead::builder("streams::nest", 1).build().unwrap());
    let slot = bulkhead.try_acquire_owned().unwrap();
    let stream = slot.watch(breaker.watch(|| Script::new(&[Step::Item(1), Step::End])).unwrap());
    assert_eq!(stream.count().now_or_never(), Some(1));
    assert_eq!((counts(&breaker), bulkhead.stats().in_use), ([1, 0, 0, 0], 0));
}

#[test]
fn watched_stream_is_send_unpin_and_debug() {
    fn assert_unpin<T: Unpin>(_: &T) {}
    let breaker = breaker();
    let stream = breaker.watch(|| stream::iter([Ok::<u8, Error>(1)])).unwrap();
    let stream = assert_send(stream);
    assert_unpin(&stream);
    assert!(size_of_val(&stream) <= size_of::<stream::Iter<[Result<u8, Error>; 1]>>() + 96);
    let shown = format!("{stream:?}");
    assert!(shown.contains("WatchedStream") && shown.contains("streams::watch"), "{shown}");
}
