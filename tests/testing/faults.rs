//! Tests injected faults: errors, latency, hangs and panics.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::time::Duration;

use futures_util::FutureExt;
use resilience_runtime::{
    CircuitBreaker, CircuitState, assert_circuit, circuit, expect_events, get_stats, hedge, rate_limit, retry, testing,
    timeout,
};
use testing::{fail_next, hang, isolated, latency};
use tokio::task::yield_now;
use tokio::time::{Instant, advance, sleep};

use super::{SECOND, ask, panic_of, poll, timed_out};

fn down() -> io::Error {
    io::Error::other("down")
}

#[resilience_runtime::test]
async fn injected_errors_open_the_circuit() {
    fail_next("kit", 3, timed_out);
    assert_eq!(ask().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_circuit!("kit", Closed);
    assert_eq!(ask().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_circuit!("kit", Open);
    expect_events![
        circuit_failure(circuit = "kit"),
        retry_attempt(func = "ask", attempt = 1),
        circuit_opened(circuit = "kit", reason = "threshold", failures = 3, error = "timed out"),
    ];
    advance(31 * SECOND).await;
    assert_eq!(ask().await.unwrap(), 7);
    assert_circuit!("kit", Closed);
}

/// A function without a circuit. No circuit rejects a call, so every injected fault reaches the caller.
#[timeout(60, name = "faults_time")]
async fn bare() -> io::Result<u32> {
    Ok(7)
}

/// Calls a function several times. Returns a `.` for each success, and the text of each error.
async fn outcomes<F: Future<Output = io::Result<u32>>>(calls: usize, f: impl Fn() -> F) -> String {
    let mut outcomes = Vec::new();
    for _ in 0..calls {
        outcomes.push(f().await.map_or_else(|error| error.to_string(), |_| ".".to_owned()));
    }
    outcomes.join(" ")
}

#[resilience_runtime::test]
async fn errors_last_until_they_are_used_up() {
    {
        fail_next("faults_time", 2, down);
    }
    assert_eq!(outcomes(4, bare).await, "down down . .");
}

#[resilience_runtime::test]
async fn errors_of_one_name_follow_each_other() {
    fail_next("faults_time", 1, down);
    fail_next("testing::faults::bare", 2, || io::Error::other("late"));
    fail_next("faults_time", 1, timed_out);
    assert_eq!(outcomes(5, bare).await, "down late late timed out .");
}

#[resilience_runtime::test]
async fn no_calls_are_no_fault() {
    fail_next("faults_time", 0, down);
    assert_eq!(outcomes(1, bare).await, ".");
}

#[resilience_runtime::test]
async fn reset_removes_errors() {
    fail_next("faults_time", u32::MAX, down);
    assert_eq!(outcomes(2, bare).await, "down down");
    testing::reset_everything();
    assert_eq!(outcomes(2, bare).await, ". .");
}

#[tokio::test(start_paused = true)]
async fn faults_end_with_their_test() {
    isolated(async { fail_next("faults_time", 9, down) }).await;
    let guard = isolated(async { latency("faults_time", SECOND) }).await;
    isolated(async {
        let begin = Instant::now();
        assert_eq!(outcomes(1, bare).await, ".");
        assert_eq!(begin.elapsed(), Duration::ZERO);
        drop(guard);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn guard_dropped_elsewhere_ends_the_fault_of_its_test() {
    let guard = Cell::new(None);
    let mut test = Box::pin(isolated(async {
        guard.set(Some(latency("faults_time", SECOND)));
        let time = || async {
            let begin = Instant::now();
            bare().await.unwrap();
            begin.elapsed()
        };
        yield_now().await;
        let before = time().await;
        drop(guard.take());
        let _slow = latency("faults_time", SECOND);
        guard.set(Some(latency("faults_time", SECOND)));
        yield_now().await;
        (before, time().await)
    }));
    assert!(poll(test.as_mut()).is_pending());
    drop(isolated(async { latency("faults_time", SECOND) }).await);
    assert!(poll(test.as_mut()).is_pending(), "the guard of another test ends its own fault only");
    advance(SECOND).await;
    assert!(poll(test.as_mut()).is_pending());
    isolated(async { drop(guard.take()) }).await;
    assert_eq!(test.await, (SECOND, SECOND));
}

#[resilience_runtime::test]
async fn guards_end_with_their_scope() {
    let begin = Instant::now();
    {
        let _slow = latency("faults_time", SECOND);
        let _slower = latency("testing::faults::bare", 2 * SECOND);
        bare().await.unwrap();
        assert_eq!(begin.elapsed(), 3 * SECOND, "latency adds up");
    }
    {
        let _hang = hang("faults_time");
        assert_eq!(bare().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(begin.elapsed(), 63 * SECOND);
    }
    {
        let _panic = testing::panic("faults_time");
        let message = panic_of(|| drop(bare().now_or_never()));
        assert_eq!(message, "the fault `panic` for `faults_time`, in `testing::faults::bare`");
    }
    assert_eq!(outcomes(1, bare).await, ".");
    assert_eq!(begin.elapsed(), 63 * SECOND);
}

#[resilience_runtime::test]
async fn latency_comes_before_an_error() {
    let begin = Instant::now();
    let _slow = latency("faults_time", SECOND);
    fail_next("faults_time", 1, down);
    assert_eq!(outcomes(2, bare).await, "down .");
    assert_eq!(begin.elapsed(), 2 * SECOND);
}

#[resilience_runtime::test]
async fn reset_ends_faults_before_their_guards() {
    let _hang = hang("faults_time");
    testing::reset_everything();
    assert_eq!(outcomes(1, bare).await, ".");
}

#[resilience_runtime::test]
async fn call_that_hangs_stays_pending() {
    let guard = hang("faults_time");
    let call = testing::handle().spawn(bare());
    yield_now().await;
    drop(guard);
    assert!(call.await.unwrap().is_err(), "the timeout ends the call");
}

#[retry(max = 4, delay = 1, attempt = attempt)]
#[circuit(name = "faults_attempts", threshold = 100)]
async fn attempts() -> io::Result<u32> {
    Ok(attempt)
}

#[resilience_runtime::test]
async fn each_attempt_of_a_retry_is_a_call() {
    fail_next("faults_attempts", 2, down);
    assert_eq!((attempts().await.unwrap(), attempts().await.unwrap()), (3, 1));
    assert_eq!(get_stats().circuits["faults_attempts"].total_failed, 2);
}

#[hedge(name = "faults_hedge", after = "100ms", max = 3)]
async fn hedged() -> io::Result<u32> {
    sleep(SECOND / 100).await;
    Ok(7)
}

#[resilience_runtime::test]
async fn each_attempt_of_a_hedge_is_a_call() {
    let begin = Instant::now();
    let _script = testing::script("faults_hedge", "hang hang ok", down);
    assert_eq!(hedged().await.unwrap(), 7);
    assert_eq!(begin.elapsed(), Duration::from_millis(210));
    assert_eq!(get_stats().hedges["faults_hedge"].total_won_by_hedge, 1);
}

#[circuit(name = "faults_shared")]
#[rate_limit(name = "faults_rate", per_second = 1000)]
async fn first() -> io::Result<u32> {
    Ok(7)
}

#[circuit(name = "faults_shared")]
fn second() -> io::Result<u32> {
    Ok(7)
}

#[resilience_runtime::test]
async fn name_of_a_layer_concerns_all_its_functions() {
    fail_next("faults_shared", 2, down);
    assert!(first().await.is_err() && second().is_err() && first().await.is_ok());
    fail_next("faults_rate", 1, down);
    assert!(second().is_ok() && first().await.is_err());
    fail_next("testing::faults::second", 1, down);
    assert!(first().await.is_ok() && second().is_err());
}

#[retry(max = 2, delay = 0)]
async fn unnamed() -> io::Result<u32> {
    Ok(7)
}

#[resilience_runtime::test]
async fn function_without_names_has_its_path() {
    fail_next("testing::faults::unnamed", 2, down);
    assert_eq!(unnamed().await.unwrap_err().to_string(), "down");
}

#[resilience_runtime::test]
async fn fault_is_below_every_layer() {
    let _hang = hang("faults_rate");
    let mut call = Box::pin(first());
    assert!(poll(call.as_mut()).is_pending());
    assert_eq!(get_stats().rate_limits["faults_rate"].total_admitted, 1);
    drop(call);
    assert_eq!(get_stats().circuits["faults_shared"].total_cancelled, 1);
}

#[resilience_runtime::test]
async fn plain_function_takes_latency_and_no_hang() {
    {
        let begin = std::time::Instant::now();
        let _slow = latency("testing::faults::second", Duration::from_millis(5));
        second().unwrap();
        assert!(begin.elapsed() >= Duration::from_millis(5));
    }
    let _hang = hang("testing::faults::second");
    let message = "the fault `hang` for `testing::faults::second` needs an async function: `testing::faults::second` would \
                   block its thread for ever";
    assert_eq!(panic_of(|| drop(second())), message);
}

#[circuit(name = "faults_slow", slow_call = "2ms", slow_rate = 0.5, min_calls = 2, calls = 4)]
fn slow() -> io::Result<()> {
    Ok(())
}

#[retry(max = 3, delay = "2ms", max_elapsed = "5ms")]
fn retried(calls: &Cell<u32>) -> io::Result<()> {
    calls.set(calls.get() + 1);
    Err(timed_out())
}

/// Calls two plain functions. Returns the state of the circuit of the first function, and the number of attempts of the
/// second function.
fn plain_calls() -> (CircuitState, u32) {
    let _latency = latency("faults_slow", Duration::from_millis(2));
    slow().unwrap();
    slow().unwrap();
    let calls = Cell::new(0);
    retried(&calls).unwrap_err();
    (get_stats().circuits["faults_slow"].state, calls.get())
}

#[resilience_runtime::test(start_paused = false)]
async fn plain_call_takes_time_on_the_real_clock() {
    let (state, attempts) = plain_calls();
    assert_eq!(state, CircuitState::Open);
    assert!(attempts < 3, "the second pause would end after `max_elapsed`");
}

#[resilience_runtime::test]
async fn plain_call_takes_no_time_on_a_paused_clock() {
    assert_eq!(plain_calls(), (CircuitState::Closed, 3));
}

#[resilience_runtime::test]
async fn error_of_another_type_panics_with_both_types() {
    fail_next("faults_time", 1, || "down");
    let message = "the fault for `faults_time` makes errors of the type `&str`, but `testing::faults::bare` returns errors \
                   of the type `std::io::error::Error`: inject an error of this type";
    assert_eq!(panic_of(|| drop(bare().now_or_never())), message);
}

#[resilience_runtime::test]
async fn unknown_name_panics_with_the_nearest() {
    CircuitBreaker::builder("faults_builder").register().unwrap();
    for (name, suggestion) in [
        ("faults_tmie", " did you mean `faults_time`?"),
        ("testing::faults::bar", " did you mean `testing::faults::bare`?"),
        ("payments", ""),
        // This name belongs to a circuit from a builder, and not to a decorated function.
        ("faults_builder", ""),
        ("", ""),
    ] {
        let expected =
            format!("no decorated function and no layer of an attribute has the name `{name}`:{suggestion} write");
        for inject in [
            (|name| fail_next(name, 1, down)) as fn(&str),
            |name| drop(latency(name, SECOND)),
            |name| drop(hang(name)),
            |name| drop(testing::panic(name)),
            |name| drop(testing::script(name, "ok", down)),
        ] {
            let message = panic_of(|| inject(name));
            assert!(message.starts_with(&expected), "{message}");
        }
    }
}
