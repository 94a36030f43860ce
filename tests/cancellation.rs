//! Calls that do not end: dropped, timed out, aborted, panicking.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitOpenError, CircuitState, CircuitStats, circuit, get_circuit, retry};
use tokio::time::{Instant, advance, timeout};

#[derive(Debug, PartialEq, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Open(#[from] CircuitOpenError),
    #[error("down")]
    Down,
}

type Result<T> = std::result::Result<T, Error>;

fn breaker(name: &'static str) -> CircuitBreaker {
    CircuitBreaker::builder(name).threshold(1).cooldown(Duration::from_secs(30)).build().unwrap()
}

/// A breaker whose next call is a trial.
async fn half_open(name: &'static str) -> CircuitBreaker {
    let breaker = breaker(name);
    breaker.try_acquire().unwrap().failure();
    advance(Duration::from_secs(30)).await;
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    breaker
}

fn stats(name: &str) -> CircuitStats {
    get_circuit(name).expect("declared by an attribute").stats()
}

/// Failed and cancelled calls.
fn counts(stats: &CircuitStats) -> (u64, u64) {
    (stats.total_failed, stats.total_cancelled)
}

/// Polls once; a panic comes back as its message.
fn poll<F: Future>(future: F) -> std::result::Result<Poll<F::Output>, &'static str> {
    let mut future = pin!(future);
    let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop()))));
    polled.map_err(|panic| *panic.downcast::<&str>().unwrap())
}

/// Without the message on the standard error.
fn panics<T>() -> T {
    resume_unwind(Box::new("panicked"))
}

#[circuit(name = "cancellation::hangs", threshold = 1)]
async fn hangs() -> Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_is_cancelled_and_nothing_else() {
    assert!(timeout(Duration::from_secs(1), hangs()).await.is_err());
    tokio::select! {
        biased;
        _ = hangs() => unreachable!("it hangs"),
        () = async {} => {}
    }
    let task = tokio::spawn(hangs());
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    drop(hangs());

    let stats = stats("cancellation::hangs");
    assert_eq!(counts(&stats), (0, 3), "the one that was never polled was not a call");
    assert_eq!((stats.state, stats.failures, stats.successes), (CircuitState::Closed, 0, 0));
    assert_eq!((stats.last_failure, stats.last_success), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_trial_gives_its_slot_back() {
    let breaker = half_open("trial").await;
    let trial = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err(), "the only slot is taken");
    drop(trial);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    breaker.try_acquire().unwrap().success();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[retry(max = 3, delay = 10)]
#[circuit(name = "cancellation::sleeps", threshold = 9)]
async fn sleeps() -> Result<()> {
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn dropping_a_retry_in_its_sleep_ends_it() {
    assert!(timeout(Duration::from_secs(1), sleeps()).await.is_err());
    advance(Duration::from_secs(60)).await;
    assert_eq!(counts(&stats("cancellation::sleeps")), (1, 0), "the attempt had ended, and none followed");
}

#[circuit(name = "cancellation::panics", threshold = 1)]
async fn body_panics() -> Result<()> {
    panics()
}

#[test]
fn a_panic_of_the_body_is_a_failure_and_goes_on() {
    assert_eq!(poll(body_panics()), Err("panicked"));
    let stats = stats("cancellation::panics");
    assert_eq!((counts(&stats), stats.state), ((1, 0), CircuitState::Open));
    assert!(stats.last_failure.is_some());
    assert!(matches!(poll(body_panics()), Ok(Poll::Ready(Err(Error::Open(_))))), "the breaker is usable");
}

#[circuit(name = "cancellation::panics_above", threshold = 9)]
#[retry(delay = 0)]
#[circuit(name = "cancellation::panics_below", threshold = 9)]
async fn panics_below_two() -> Result<()> {
    panics()
}

#[test]
fn a_panic_of_the_body_is_a_failure_of_every_circuit_above() {
    assert_eq!(poll(panics_below_two()), Err("panicked"));
    assert_eq!(counts(&stats("cancellation::panics_above")), (1, 0));
    assert_eq!(counts(&stats("cancellation::panics_below")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_trial_opens_the_circuit_again() {
    let breaker = half_open("trial_panics").await;
    assert_eq!(poll(breaker.call(|| async { panics::<Result<()>>() })).unwrap_err(), "panicked");
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn a_panic_of_the_closure_is_the_bodys() {
    let breaker = breaker("closure");
    assert_eq!(poll(breaker.call(panics::<std::future::Ready<Result<()>>>)).unwrap_err(), "panicked");
    assert_eq!((counts(&breaker.stats()), breaker.state()), ((1, 0), CircuitState::Open));
}

#[circuit(name = "cancellation::sibling", threshold = 1)]
async fn sibling() -> Result<()> {
    pending().await
}

#[test]
fn an_innocent_sibling_of_a_panic_is_cancelled() {
    let both = async { tokio::join!(sibling(), async { panics::<()>() }) };
    assert_eq!(poll(both).unwrap_err(), "panicked");
    assert_eq!(counts(&stats("cancellation::sibling")), (0, 1));

    let owned = breaker("owned_sibling");
    let both = async {
        let _permit = owned.try_acquire_owned().unwrap();
        panics::<()>();
    };
    assert_eq!(poll(both).unwrap_err(), "panicked");
    assert_eq!(counts(&owned.stats()), (0, 1), "a permit on its own does not know whose panic it is");
}

#[retry(max = 2, delay = 0, retry_if = |_| panics())]
#[circuit(name = "cancellation::retry_if", threshold = 9)]
async fn retry_if_panics() -> Result<()> {
    Err(Error::Down)
}

#[circuit(name = "cancellation::above_retry_if", threshold = 9)]
#[retry(max = 2, delay = 0, retry_if = |_| panics())]
async fn retry_if_panics_below() -> Result<()> {
    Err(Error::Down)
}

#[circuit(name = "cancellation::failure_if", threshold = 1, failure_if = |_| panics())]
async fn failure_if_panics() -> Result<()> {
    Err(Error::Down)
}

#[circuit(name = "cancellation::above_open", threshold = 9)]
#[circuit(name = "cancellation::open", threshold = 1, open = |_| panics())]
async fn open_panics() -> Result<()> {
    Err(Error::Down)
}

#[test]
fn a_panic_of_a_predicate_leaves_the_call_cancelled() {
    assert_eq!(poll(failure_if_panics()), Err("panicked"));
    assert_eq!(counts(&stats("cancellation::failure_if")), (0, 1));

    assert_eq!(poll(retry_if_panics()), Err("panicked"));
    assert_eq!(counts(&stats("cancellation::retry_if")), (1, 0), "the attempt had been judged before");
    assert_eq!(poll(retry_if_panics_below()), Err("panicked"));
    assert_eq!(counts(&stats("cancellation::above_retry_if")), (0, 1));

    assert_eq!(poll(open_panics()), Ok(Poll::Ready(Err(Error::Down))));
    assert_eq!(poll(open_panics()), Err("panicked"));
    assert_eq!(counts(&stats("cancellation::open")), (1, 0));
    assert_eq!(counts(&stats("cancellation::above_open")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_owned_permit_ends_its_call_in_another_task() {
    let breaker = half_open("owned").await;
    let permit = breaker.try_acquire_owned().unwrap();
    let begin = Instant::now();
    let task = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(5)).await;
        permit.success();
    });
    assert!(breaker.try_acquire().is_err());
    task.await.unwrap();
    assert_eq!((breaker.state(), begin.elapsed()), (CircuitState::Closed, Duration::from_secs(5)));

    let permit = breaker.try_acquire_owned().unwrap();
    let task = tokio::spawn(async move {
        let _permit = permit;
        pending::<()>().await;
    });
    tokio::task::yield_now().await;
    task.abort();
    assert!(task.await.is_err());
    assert_eq!(breaker.stats().total_cancelled, 1);
}

#[test]
fn each_verdict_counts_in_its_own_total() {
    let breaker = CircuitBreaker::builder("verdicts").threshold(9).build().unwrap();
    let permit = || breaker.try_acquire().unwrap();
    permit().success();
    permit().failure();
    permit().failure_with(&Error::Down);
    permit().ignore();
    drop(permit());
    let stats = breaker.stats();
    assert_eq!((stats.total_succeeded, stats.total_ignored), (1, 1));
    assert_eq!(counts(&stats), (2, 1));
    assert_eq!((stats.failures, stats.successes), (2, 1));
}
