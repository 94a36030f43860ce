//! Tests circuits of functions that are not `async`.

use std::cell::Cell;
use std::future::pending;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CallError, CircuitBreaker, CircuitState, RetryPolicy, bulkhead, circuit, deadline, get_circuit, retry,
    timeout,
};
use support::{Error, paused_runtime, seconds};

use crate::pauses;

#[circuit(name = "circuit::shared", threshold = 2)]
fn plain(works: bool) -> Result<u32, Error> {
    if works { Ok(7) } else { Err(Error::Down) }
}

#[circuit(name = "circuit::shared", threshold = 2)]
async fn not_plain(works: bool) -> Result<u32, Error> {
    if works { Ok(7) } else { Err(Error::Down) }
}

#[test]
fn one_circuit_counts_plain_and_async_calls() {
    let runtime = paused_runtime();
    let breaker = get_circuit("circuit::shared").unwrap();
    assert_eq!(plain(true), Ok(7));
    assert_eq!(plain(false), Err(Error::Down));
    assert_eq!(breaker.call_blocking(|| Ok::<_, Error>(7)), Ok(7), "the success clears the failure");
    assert_eq!(plain(false), Err(Error::Down));
    assert_eq!(runtime.block_on(not_plain(false)), Err(Error::Down));
    assert!(matches!(plain(true), Err(Error::Open(_))));
    assert!(matches!(breaker.call_blocking(|| Ok::<_, Error>(())), Err(CallError::Rejected(_))));
    let stats = breaker.stats();
    assert_eq!((stats.total_succeeded, stats.total_failed, stats.total_rejected), (2, 3, 2));
}

#[circuit(name = "circuit::panics", threshold = 2)]
fn panics() -> Result<(), Error> {
    panic!("a bug")
}

#[test]
fn panic_of_plain_body_is_a_failure() {
    let breaker = get_circuit("circuit::panics").unwrap();
    assert!(catch_unwind(panics).is_err());
    let method = || breaker.call_blocking(|| -> Result<(), Error> { panic!("a bug") });
    assert!(catch_unwind(AssertUnwindSafe(method)).is_err());
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.total_failed, stats.total_cancelled), (CircuitState::Open, 2, 0));
}

/// An error without a `source`. The library therefore finds no rejection inside this error.
#[derive(Debug, PartialEq)]
struct Opaque;

#[circuit(name = "circuit::opaque", threshold = 1, error = |_| Opaque)]
fn hides(called: impl FnOnce() -> Result<(), Error>) -> Result<(), Opaque> {
    let error = called();
    // Stores the rejection, because the circuit notices only a rejection that still exists when the body ends.
    KEPT.set(error.err());
    Err(Opaque)
}

thread_local! {
    static KEPT: Cell<Option<Error>> = const { Cell::new(None) };
}

#[bulkhead(with = bulkhead)]
fn limited(bulkhead: &Bulkhead) -> Result<(), Error> {
    Ok(())
}

#[test]
fn circuit_ignores_hidden_rejection_of_called_function() {
    let bulkhead = Bulkhead::builder("circuit::hidden", 1).build().unwrap();
    let breaker = get_circuit("circuit::opaque").unwrap();
    let slot = bulkhead.try_acquire().unwrap();
    assert_eq!(hides(|| limited(&bulkhead)), Err(Opaque));
    let held = CircuitBreaker::builder("circuit::held").threshold(1).build().unwrap();
    let full = held.call_blocking(|| limited(&bulkhead));
    assert!(matches!(full, Err(CallError::Failed(Error::Full(_)))));
    assert_eq!((breaker.stats().total_ignored, held.stats().total_ignored), (1, 1));
    drop((slot, full));
    assert_eq!(hides(|| limited(&bulkhead)), Err(Opaque));
    assert_eq!((breaker.state(), held.state()), (CircuitState::Open, CircuitState::Closed));
}

#[circuit(name = "circuit::judged", threshold = 1, failure_if_ok = |status| *status >= 500, retry_after_ok = |_| Some(seconds(90)))]
fn judged(status: u16) -> Result<u16, Error> {
    if status == 404 { Err(Error::Status(404)) } else { Ok(status) }
}

#[test]
fn functions_of_circuit_judge_plain_outcome() {
    let breaker = get_circuit("circuit::judged").unwrap();
    assert_eq!(judged(200), Ok(200));
    assert_eq!(judged(503), Ok(503));
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.total_succeeded, stats.total_failed), (CircuitState::Open, 1, 1));
    assert!(stats.cooldown_remaining > seconds(60));
}

#[circuit(name = "circuit::requests", threshold = 2, count = "requests")]
fn requested(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    Err(Error::Failed(calls.get()))
}

#[retry(max = 5)]
fn requests(calls: &Cell<u32>) -> Result<(), Error> {
    requested(calls)
}

#[test]
fn repeats_of_plain_retry_do_not_open_circuit_of_requests() {
    pauses::record();
    let calls = Cell::new(0);
    assert_eq!(requests(&calls), Err(Error::Failed(5)));
    let stats = get_circuit("circuit::requests").unwrap().stats();
    assert_eq!((stats.state, stats.failures, stats.total_failed), (CircuitState::Closed, 1, 5));
}

#[circuit(name = "circuit::trial", threshold = 1)]
fn calls_itself(depth: u32) -> Result<u32, Error> {
    match depth {
        0 => Ok(0),
        depth => Ok(calls_itself(depth - 1)? + 1),
    }
}

#[test]
fn call_within_plain_trial_belongs_to_trial() {
    let runtime = paused_runtime();
    let breaker = get_circuit("circuit::trial").unwrap();
    runtime.block_on(async {
        breaker.trip();
        assert!(calls_itself(3).is_err());
        tokio::time::advance(seconds(30)).await;
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        assert_eq!(calls_itself(3).unwrap(), 3, "the circuit admits the inner calls");
        assert_eq!(breaker.state(), CircuitState::Closed);
    });
}

#[timeout(60)]
async fn waits() -> Result<(), Error> {
    pending().await
}

#[circuit(name = "circuit::hung", hung_after = "5ms")]
fn hangs() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(deadline(Duration::from_millis(20), waits()))
}

#[circuit(name = "circuit::not_hung", hung_after = 600)]
fn hangs_for_a_short_time() -> Result<(), Error> {
    hangs()
}

#[test]
fn plain_call_that_hung_until_a_deadline_is_a_failure() {
    assert!(matches!(hangs_for_a_short_time(), Err(Error::Timeout(_))));
    let [hung, not_hung] = ["circuit::hung", "circuit::not_hung"].map(|name| get_circuit(name).unwrap().stats());
    assert_eq!((hung.total_failed, hung.total_ignored), (1, 0));
    assert_eq!((not_hung.total_failed, not_hung.total_ignored), (0, 1));
}

fn run_task<T: Send + 'static>(call: impl Future<Output = T> + Send + 'static) -> T {
    paused_runtime().block_on(async { tokio::spawn(call).await.unwrap() })
}

#[test]
fn tasks_of_runtime_of_body_belong_to_the_call() {
    let breaker = CircuitBreaker::builder("circuit::runtime").cooldown(Duration::ZERO).build().unwrap();
    breaker.trip();
    let inner = breaker.clone();
    let outer = breaker.call_blocking(|| run_task(async move { inner.call(|| async { Ok::<_, Error>(7) }).await }));
    assert!(matches!(outer, Ok(7)), "the call of the task belongs to the trial");
    assert_eq!(breaker.state(), CircuitState::Closed);

    let requests = CircuitBreaker::builder("circuit::requests").count_requests(true).build().unwrap();
    let policy = |max| RetryPolicy::builder().max(max).delay(Duration::ZERO).build().unwrap();
    let outcome: Result<(), ()> = policy(3).call_blocking(|| {
        let requests = requests.clone();
        run_task(async move { requests.call(|| async { Err(()) }).await.map_err(drop) })
    });
    assert!(outcome.is_err());
    assert_eq!((requests.stats().failures, requests.stats().total_failed), (1, 3), "the task makes repeats");

    let attempts = Cell::new(0);
    let outcome: Result<(), ()> = policy(3).call_blocking(|| {
        attempts.set(attempts.get() + 1);
        let inner = policy(2);
        run_task(async move { inner.call(|| async { Err(()) }).await })
    });
    assert_eq!((outcome, attempts.get()), (Err(()), 2), "the retry of the task counts");
}
