//! Tests `#[timeout]`, which drops a call after a given time, and returns an error.

use std::cell::Cell;
use std::future::pending;
use std::io;
use std::time::Duration;

use resilience_runtime::{CallError, Rejection, Timeout, TimeoutError, circuit, deadline, get_circuit, retry, timeout};
use support::{DropCounter, Error};
use tokio::task::{consume_budget, yield_now};
use tokio::time::{Instant, sleep};

#[timeout(5)]
async fn takes(time: Duration, dropped: &Cell<u32>) -> Result<u32, Error> {
    let _guard = DropCounter(dropped);
    sleep(time).await;
    Ok(7)
}

#[tokio::test(start_paused = true)]
async fn call_beyond_timeout_is_dropped() {
    let (begin, dropped) = (Instant::now(), Cell::new(0));
    let Err(Error::Timeout(error)) = takes(Duration::from_secs(60), &dropped).await else { panic!("not ended") };
    assert_eq!((error.after(), dropped.get()), (Duration::from_secs(5), 1));
    assert_eq!(error.to_string(), "timed out after 5s");
    assert_eq!(begin.elapsed().as_secs(), 5);
}

#[tokio::test(start_paused = true)]
async fn call_within_timeout_returns_its_outcome() {
    let dropped = Cell::new(0);
    assert_eq!(takes(Duration::from_millis(4999), &dropped).await, Ok(7));
    assert_eq!(
        takes(Duration::from_secs(5), &dropped).await,
        Ok(7),
        "a body that is ready at the same moment is in time"
    );
}

#[timeout("1ms")]
async fn ready() -> io::Result<u32> {
    Ok(7)
}

#[test]
fn call_ready_at_once_needs_no_timer() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(ready()).unwrap(), 7);
}

#[timeout(1)]
async fn hungry() -> Result<u32, Error> {
    loop {
        consume_budget().await;
    }
}

#[tokio::test]
async fn body_without_cooperative_budget_times_out() {
    assert!(matches!(hungry().await, Err(Error::Timeout(_))));
}

#[timeout(1)]
async fn silent() -> io::Result<u32> {
    pending().await
}

#[timeout("1ms", error = |error| format!("too slow: {error}"))]
async fn told_by_a_text() -> Result<u32, String> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn error_option_or_conversion_makes_timeout_error() {
    assert_eq!(silent().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(told_by_a_text().await.unwrap_err(), "too slow: timed out after 1ms");
}

#[retry(max = 3, delay = 1)]
#[timeout(2)]
async fn each_attempt(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    if calls.get() < 3 { pending().await } else { Ok(calls.get()) }
}

#[tokio::test(start_paused = true)]
async fn timeout_below_retry_limits_each_attempt() {
    let begin = Instant::now();
    assert_eq!(each_attempt(&Cell::new(0)).await, Ok(3));
    assert_eq!(begin.elapsed().as_secs(), 2 + 1 + 2 + 2);
}

#[timeout(10)]
#[retry(max = 2, delay = 8)]
async fn all_attempts(calls: &Cell<u32>) -> Result<u32, Error> {
    calls.set(calls.get() + 1);
    sleep(Duration::from_secs(1)).await;
    Err(Error::Timeout(told().await))
}

async fn told() -> TimeoutError {
    let ended = Timeout::new(Duration::from_nanos(1)).unwrap().call(pending::<Result<(), Error>>).await;
    let Err(CallError::Rejected(Rejection::Timeout(error))) = ended else { panic!("not ended") };
    error
}

#[tokio::test(start_paused = true)]
async fn timeout_above_retry_includes_pauses() {
    let (begin, calls) = (Instant::now(), Cell::new(0));
    let Err(Error::Timeout(error)) = all_attempts(&calls).await else { panic!("not ended") };
    assert_eq!((error.after().as_secs(), begin.elapsed().as_secs(), calls.get()), (10, 10, 2));
}

#[timeout(5)]
#[retry(max = 2, delay = 5)]
async fn during_a_pause(calls: &Cell<u32>) -> io::Result<u32> {
    calls.set(calls.get() + 1);
    sleep(Duration::from_secs(1)).await;
    Err(io::ErrorKind::NotFound.into())
}

#[tokio::test(start_paused = true)]
async fn timeout_above_retry_ends_a_pause() {
    let (begin, calls) = (Instant::now(), Cell::new(0));
    assert_eq!(during_a_pause(&calls).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!((begin.elapsed().as_secs(), calls.get()), (5, 1));
}

#[circuit(name = "timeout::above", threshold = 2)]
#[timeout(5)]
async fn counted() -> Result<u32, Error> {
    pending().await
}

#[timeout(5)]
#[circuit(name = "timeout::below", threshold = 2)]
async fn not_counted() -> Result<u32, Error> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn timeout_is_failure_above_and_cancellation_below() {
    for _ in 0..2 {
        assert!(matches!(counted().await, Err(Error::Timeout(_))));
        assert!(matches!(not_counted().await, Err(Error::Timeout(_))));
    }
    assert!(matches!(counted().await, Err(Error::Open(_))));
    let [above, below] = ["timeout::above", "timeout::below"].map(|name| get_circuit(name).unwrap().stats());
    assert_eq!((above.total_failed, above.total_cancelled), (2, 0));
    assert_eq!((below.total_failed, below.total_cancelled), (0, 2));
}

#[timeout(9)]
#[circuit(name = "timeout::between", threshold = 1)]
#[timeout(5)]
async fn two_timeouts(time: u64) -> Result<u32, Error> {
    sleep(Duration::from_secs(time)).await;
    Ok(7)
}

#[tokio::test(start_paused = true)]
async fn shorter_of_two_timeouts_ends_call() {
    let Err(Error::Timeout(error)) = two_timeouts(60).await else { panic!("not ended") };
    assert_eq!(error.after().as_secs(), 5);
    assert_eq!(get_circuit("timeout::between").unwrap().stats().total_failed, 1);
}

#[circuit(name = "timeout::outer", threshold = 1)]
#[timeout(5)]
#[circuit(name = "timeout::inner", threshold = 1)]
async fn rejected_below() -> Result<u32, Error> {
    Err(Error::Timeout(told().await))
}

#[tokio::test(start_paused = true)]
async fn rejection_passes_through_timeout_to_circuit_above() {
    assert!(matches!(rejected_below().await, Err(Error::Timeout(_))));
    get_circuit("timeout::outer").unwrap().reset();
    let Err(Error::Open(open)) = rejected_below().await else { panic!("not rejected") };
    assert_eq!(open.name(), "timeout::inner");
    let outer = get_circuit("timeout::outer").unwrap().stats();
    assert_eq!((outer.failures, outer.total_ignored), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn dropped_call_drops_its_body() {
    let dropped = Cell::new(0);
    tokio::select! {
        biased;
        _ = takes(Duration::from_secs(60), &dropped) => panic!("not ended"),
        () = yield_now() => {}
    }
    assert_eq!(dropped.get(), 1);
}

#[test]
fn invalid_timeout_is_refused_by_name() {
    let error = Timeout::new(Duration::ZERO).unwrap_err();
    assert_eq!(error.to_string(), "`timeout` is 0s, but must be longer than zero");
    assert_eq!(Timeout::new(Duration::MAX).unwrap_err().allowed(), "at most 584 years");
    assert!(Timeout::new(Duration::from_nanos(u64::MAX)).is_ok());
}

#[timeout("213503d")]
async fn nearly_for_ever() -> io::Result<u32> {
    sleep(Duration::from_secs(1)).await;
    Ok(7)
}

#[tokio::test(start_paused = true)]
async fn longest_timeout_is_accepted() {
    assert_eq!(nearly_for_ever().await.unwrap(), 7);
}

#[timeout("1ns")]
async fn blocks() -> Result<u32, Error> {
    let begin = std::time::Instant::now();
    while begin.elapsed() < Duration::from_micros(10) {}
    Ok(7)
}

#[tokio::test]
async fn body_that_does_not_yield_runs_to_its_end() {
    assert_eq!(blocks().await, Ok(7));
}

#[tokio::test(start_paused = true)]
async fn late_call_does_not_call_its_closure() {
    let timeout = Timeout::new(Duration::from_secs(5)).unwrap();
    let called = Cell::new(false);
    let outcome = deadline(Duration::ZERO, async {
        let charge = || {
            called.set(true);
            async { Ok::<(), Error>(()) }
        };
        timeout.call(charge).await
    });
    let Err(CallError::Rejected(rejection)) = outcome.await else { panic!("the deadline has passed") };
    assert_eq!((rejection.was_called(), called.get()), (false, false));
}
