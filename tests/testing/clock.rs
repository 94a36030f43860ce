//! Tests `no_delays`, which leaves out the pauses of retries. Also tests `hold_clock`, which keeps the paused clock
//! from advancing while another thread works.

use std::io;
use std::ops::ControlFlow;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use resilience_runtime::{RetryPolicy, deadline, expect_events, get_stats, retry, testing, timeout};
use testing::{hold_clock, isolated, no_delays};
use tokio::sync::oneshot;
use tokio::time::{Instant, advance, sleep};

use super::{SECOND, panic_of, timed_out};

const MINUTE: Duration = Duration::from_secs(60);

#[retry(name = "clock_retry", max = 3, delay = 60)]
async fn retried() -> io::Result<()> {
    Err(timed_out())
}

#[retry(max = 3, delay = 60)]
fn plain() -> io::Result<()> {
    Err(timed_out())
}

#[resilience_runtime::test]
async fn retries_have_no_pauses() {
    no_delays();
    let begin = Instant::now();
    retried().await.unwrap_err();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    assert_eq!(get_stats().retries["clock_retry"].total_attempts, 3);
    // The events report the pauses that the retry leaves out.
    expect_events![retry_attempt(delay = 60.0), retry_attempt(delay = 120.0), retry_exhausted];
}

#[resilience_runtime::test]
async fn blocking_retries_have_no_pauses() {
    no_delays();
    let begin = std::time::Instant::now();
    plain().unwrap_err();
    let policy: RetryPolicy = RetryPolicy::builder().delay(MINUTE).build().unwrap();
    policy.call_blocking(|| Err::<(), _>(timed_out())).unwrap_err();
    assert!(begin.elapsed() < MINUTE);
}

#[resilience_runtime::test]
async fn policies_have_no_pauses() {
    no_delays();
    let (begin, policy) = (Instant::now(), RetryPolicy::builder().delay(MINUTE).build().unwrap());
    let mut calls = 0;
    let outcome = policy.call(|| {
        calls += 1;
        async { Err::<(), _>(timed_out()) }
    });
    outcome.await.unwrap_err();
    assert_eq!((calls, begin.elapsed()), (3, Duration::ZERO));

    let mut attempts = policy.start();
    while let ControlFlow::Continue(()) = attempts.next(async { Err::<(), _>(timed_out()) }).await {
        calls += 1;
    }
    assert_eq!((calls, begin.elapsed()), (5, Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn pauses_are_left_out_in_one_test_only() {
    let time = || async {
        let begin = Instant::now();
        retried().await.unwrap_err();
        begin.elapsed()
    };
    let without = isolated(async {
        no_delays();
        let without = time().await;
        testing::reset_everything();
        (without, time().await)
    });
    assert_eq!(tokio::join!(without, isolated(time()), time()), ((Duration::ZERO, 3 * MINUTE), 3 * MINUTE, 3 * MINUTE));
}

#[resilience_runtime::test]
async fn retry_without_pauses_gives_up_at_the_deadline() {
    no_delays();
    deadline(90 * SECOND, retried()).await.unwrap_err();
    assert_eq!(get_stats().retries["clock_retry"].total_attempts, 2, "the second pause would exceed the deadline");
    expect_events![retry_gave_up(reason = "deadline")];
}

/// Waits for the answer of a service in another thread.
#[timeout(1)]
async fn ask(service: oneshot::Receiver<u32>) -> io::Result<u32> {
    service.await.map_err(io::Error::other)
}

/// Starts a thread that calls `begin`, and then answers.
fn service(begin: impl FnOnce() + Send + 'static) -> oneshot::Receiver<u32> {
    let (answer, service) = oneshot::channel();
    thread::spawn(move || {
        begin();
        let _ = answer.send(7);
    });
    service
}

fn works() {
    thread::sleep(Duration::from_millis(20));
}

#[resilience_runtime::test]
async fn clock_runs_ahead_of_another_thread() {
    let (end, ended) = mpsc::channel::<()>();
    let service = service(move || {
        let _ = ended.recv();
    });
    assert_eq!(ask(service).await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    drop(end);
}

#[resilience_runtime::test]
async fn held_clock_stands_still() {
    let begin = Instant::now();
    let held = hold_clock();
    assert_eq!(ask(service(works)).await.unwrap(), 7);
    assert_eq!(begin.elapsed(), Duration::ZERO);
    drop(held);
    sleep(MINUTE).await;
    assert_eq!(begin.elapsed(), MINUTE);
}

#[resilience_runtime::test]
async fn held_clock_is_advanced() {
    let _held = hold_clock();
    let (end, ended) = mpsc::channel::<()>();
    let call = tokio::spawn(ask(service(move || {
        let _ = ended.recv();
    })));
    advance(SECOND / 2).await;
    thread::sleep(Duration::from_millis(5));
    assert!(!call.is_finished());
    advance(SECOND).await;
    assert_eq!(call.await.unwrap().unwrap_err().kind(), io::ErrorKind::TimedOut);
    drop(end);
}

#[resilience_runtime::test]
async fn clock_stands_still_until_the_last_guard_is_dropped() {
    let (first, second) = (hold_clock(), hold_clock());
    assert_eq!(ask(service(works)).await.unwrap(), 7);
    drop(first);
    assert_eq!(ask(service(works)).await.unwrap(), 7);
    drop(second);
    sleep(MINUTE).await;
}

#[resilience_runtime::test]
async fn clock_runs_again_when_another_thread_drops_the_guard() {
    let held = hold_clock();
    let begin = Instant::now();
    thread::spawn(move || {
        works();
        drop(held);
    });
    sleep(MINUTE).await;
    assert_eq!(begin.elapsed(), MINUTE);
}

#[tokio::test]
async fn clock_that_is_not_paused_runs_on() {
    let _held = hold_clock();
    sleep(Duration::from_millis(2)).await;
    assert_eq!(ask(service(works)).await.unwrap(), 7);
}

#[test]
fn held_clock_needs_a_runtime() {
    let message = "`hold_clock()` needs a tokio runtime: call it in the body of a `#[resilience_runtime::test]`";
    assert_eq!(panic_of(|| drop(hold_clock())), message);
}
