//! Tests how a circuit counts calls that return no outcome: dropped, timed out, aborted and panicking calls.

use std::future::{Future, Ready, pending};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CircuitBreaker, CircuitOpenError, CircuitState, CircuitStats, RetryBudget, TimeoutError, TokenBucket,
    bulkhead, circuit, fallback, get_circuit, hedge, retry, timeout,
};
use support::Error;
use tokio::time::{Instant, advance, timeout as cut};

type Result<T> = std::result::Result<T, Error>;

fn breaker(name: &'static str) -> CircuitBreaker {
    CircuitBreaker::builder(name).threshold(1).cooldown(Duration::from_secs(30)).build().unwrap()
}

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

fn counts(stats: &CircuitStats) -> (u64, u64) {
    (stats.total_failed, stats.total_cancelled)
}

fn poll<F: Future>(future: F) -> std::result::Result<Poll<F::Output>, &'static str> {
    let mut future = pin!(future);
    let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(&mut Context::from_waker(Waker::noop()))));
    polled.map_err(|panic| *panic.downcast::<&str>().unwrap())
}

/// Uses `resume_unwind`, because `panic!` would print a message.
fn panics<T>() -> T {
    resume_unwind(Box::new("panicked"))
}

#[circuit(name = "cancellation::hangs", threshold = 1)]
async fn hangs() -> Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn dropped_call_counts_as_cancelled_only() {
    assert!(cut(Duration::from_secs(1), hangs()).await.is_err());
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
    assert_eq!(counts(&stats), (0, 3), "a future that was never polled is not a call");
    assert_eq!((stats.state, stats.failures, stats.successes), (CircuitState::Closed, 0, 0));
    assert_eq!((stats.last_failure, stats.last_success), (None, None));
}

#[tokio::test(start_paused = true)]
async fn dropped_trial_frees_its_permit() {
    let breaker = half_open("trial").await;
    let trial = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err(), "the only permit is taken");
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
async fn retry_dropped_in_pause_makes_no_attempt() {
    assert!(cut(Duration::from_secs(1), sleeps()).await.is_err());
    advance(Duration::from_secs(60)).await;
    assert_eq!(counts(&stats("cancellation::sleeps")), (1, 0), "the attempt had ended, and none followed");
}

#[circuit(name = "cancellation::panics", threshold = 1)]
async fn body_panics() -> Result<()> {
    panics()
}

#[test]
fn body_panic_counts_as_failure_and_propagates() {
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
fn body_panic_is_failure_of_every_circuit_above() {
    assert_eq!(poll(panics_below_two()), Err("panicked"));
    assert_eq!(counts(&stats("cancellation::panics_above")), (1, 0));
    assert_eq!(counts(&stats("cancellation::panics_below")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn panic_in_trial_reopens_circuit() {
    let breaker = half_open("trial_panics").await;
    assert_eq!(poll(breaker.call(|| async { panics::<Result<()>>() })).unwrap_err(), "panicked");
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn panic_of_closure_counts_as_body_panic() {
    let breaker = breaker("closure");
    assert_eq!(poll(breaker.call(panics::<std::future::Ready<Result<()>>>)).unwrap_err(), "panicked");
    assert_eq!((counts(&breaker.stats()), breaker.state()), ((1, 0), CircuitState::Open));
}

#[circuit(name = "cancellation::sibling", threshold = 1)]
async fn sibling() -> Result<()> {
    pending().await
}

#[test]
fn call_beside_a_panic_counts_as_cancelled() {
    let both = async { tokio::join!(sibling(), async { panics::<()>() }) };
    assert_eq!(poll(both).unwrap_err(), "panicked");
    assert_eq!(counts(&stats("cancellation::sibling")), (0, 1));

    let owned = breaker("owned_sibling");
    let both = async {
        let _permit = owned.try_acquire_owned().unwrap();
        panics::<()>();
    };
    assert_eq!(poll(both).unwrap_err(), "panicked");
    assert_eq!(counts(&owned.stats()), (0, 1), "a permit cannot know which future panicked");
}

#[retry(max = 2, delay = 0, retry_if = |_| panics())]
#[circuit(name = "cancellation::retry_if", threshold = 9)]
async fn retry_if_panics() -> Result<()> {
    Err(Error::Down)
}

#[circuit(name = "cancellation::failure_if", threshold = 1, failure_if = |_| panics())]
async fn failure_if_panics() -> Result<()> {
    Err(Error::Down)
}

#[circuit(name = "cancellation::above_open", threshold = 9)]
#[circuit(name = "cancellation::open", threshold = 1, error = |_| panics())]
async fn open_panics() -> Result<()> {
    Err(Error::Down)
}

#[test]
fn predicate_panic_leaves_call_cancelled() {
    assert_eq!(poll(failure_if_panics()), Err("panicked"));
    assert_eq!(counts(&stats("cancellation::failure_if")), (0, 1));

    assert_eq!(poll(retry_if_panics()), Err("panicked"));
    assert_eq!(counts(&stats("cancellation::retry_if")), (1, 0), "the attempt had counted before");

    assert_eq!(poll(open_panics()), Ok(Poll::Ready(Err(Error::Down))));
    assert_eq!(poll(open_panics()), Err("panicked"));
    assert_eq!(counts(&stats("cancellation::open")), (1, 0));
    assert_eq!(counts(&stats("cancellation::above_open")), (2, 0));
}

#[derive(Debug)]
struct Panics;

impl Clone for Panics {
    fn clone(&self) -> Self {
        panics()
    }
}

impl From<CircuitOpenError> for Panics {
    fn from(_: CircuitOpenError) -> Self {
        Self
    }
}

impl From<TimeoutError> for Panics {
    fn from(_: TimeoutError) -> Self {
        panics()
    }
}

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

fn instead_panics(_: Panics) -> Ready<std::result::Result<(), Panics>> {
    panics()
}

/// Defines functions whose `#[circuit]` is above a layer that panics, and a test that calls these functions.
macro_rules! panicking_layers {
    ($($name:literal $function:ident: $($layer:ident($($option:tt)*)),+;)*) => {
        $(
            #[circuit(name = $name, threshold = 9)]
            $(#[$layer($($option)*)])+
            async fn $function(argument: Panics) -> std::result::Result<(), Panics> {
                let _ = &argument;
                match $name {
                    name if name.ends_with("ok") => Ok(()),
                    name if name.ends_with("timeout") => pending().await,
                    _ => Err(Panics),
                }
            }
        )*

        #[tokio::test(start_paused = true)]
        async fn panic_in_layer_below_counts_as_failure() {
            $(
                let panic = tokio::spawn($function(Panics)).await.unwrap_err().into_panic();
                assert_eq!(panic.downcast_ref(), Some(&"panicked"), $name);
                assert_eq!(counts(&stats($name)), (1, 0), $name);
            )*
        }
    };
}

panicking_layers! {
    "below::retry_if" retry_if_panics_below: retry(max = 2, delay = 0, retry_if = |_| panics());
    "below::retry_if_ok" retry_if_ok_panics: retry(max = 2, delay = 0, retry_if_ok = |()| panics());
    "below::retry_after" retry_after_panics: retry(max = 2, delay = 0, retry_after = |_| panics());
    "below::cost" cost_panics: retry(max = 2, delay = 0, budget = BUDGET, cost = |_| panics());
    "below::on_retry" on_retry_panics: retry(max = 2, delay = 0, on_retry = |_| panics());
    "below::second" second_attempt_panics: retry(max = 3, delay = 1, retry_if = |_| n == 1 || panics(), attempt = n);
    "below::clone" clone_panics: retry(max = 2, delay = 0, clone(argument));
    "below::hedge" clone_of_hedge_panics: hedge(after = 1, clone(argument));
    "below::fallback" fallback_panics: fallback(instead_panics);
    "below::error_timeout" error_of_timeout_panics: timeout(1, error = |_| panics());
    "below::from_timeout" from_timeout_panics: timeout(1);
    "below::retry_timeout" from_second_timeout_panics: timeout(1), retry(max = 2, delay = 0), timeout(1, error = |_| Panics);
    "below::failure_if" failure_if_panics_below: circuit(name = "below::of_failure_if", failure_if = |_| panics());
    "below::key" key_panics: retry(max = 2, delay = 0, attempt = n), circuit(name = "below::of_key", key = if n > 1 { panics() } else { n });
}

#[circuit(name = "cancellation::pause", threshold = 9)]
#[retry(max = 3, delay = 10)]
async fn dropped_in_pause() -> Result<()> {
    Err(Error::Down)
}

#[timeout(5)]
#[circuit(name = "cancellation::pause_below_timeout", threshold = 9)]
#[retry(max = 3, delay = 10, jitter = "equal")]
async fn late_in_pause() -> Result<()> {
    Err(Error::Down)
}

#[circuit(name = "cancellation::queue", threshold = 9)]
#[bulkhead(with = bulkhead)]
async fn dropped_in_queue(bulkhead: &Bulkhead) -> Result<()> {
    let _ = bulkhead;
    Ok(())
}

#[timeout(5)]
#[circuit(name = "cancellation::queue_below_timeout", threshold = 9)]
#[bulkhead(with = bulkhead)]
async fn late_in_queue(bulkhead: &Bulkhead) -> Result<()> {
    let _ = bulkhead;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn drop_in_wait_of_layer_below_counts_as_cancelled() {
    let bulkhead = Bulkhead::builder("cancellation", 1).wait(Duration::from_secs(9)).build().unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    assert!(cut(Duration::from_secs(1), dropped_in_pause()).await.is_err());
    assert!(cut(Duration::from_secs(1), dropped_in_queue(&bulkhead)).await.is_err());
    assert!(matches!(late_in_pause().await, Err(Error::Timeout(_))));
    assert!(matches!(late_in_queue(&bulkhead).await, Err(Error::Timeout(_))));
    for name in ["pause", "pause_below_timeout", "queue", "queue_below_timeout"] {
        assert_eq!(counts(&stats(&format!("cancellation::{name}"))), (0, 1), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn owned_permit_ends_call_in_another_task() {
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
fn each_outcome_counts_in_its_own_total() {
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
