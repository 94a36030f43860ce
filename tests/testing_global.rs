//! Tests the functions of the test kit outside isolated tests. Without isolation, these functions affect the whole
//! program.

use std::io;
use std::thread;
use std::time::Duration;

use resilience_runtime::{
    CircuitState, RetryBudget, TokenBucket, circuit, configure, configure_rate_limit, get_circuit, get_circuit_stats,
    rate_limit, retry, testing,
};
use testing::{fail_next, isolated, latency, no_delays, reset_everything, script};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: 5, ..TokenBucket::DEFAULT });

#[retry(max = 2, delay = 1, budget = BUDGET)]
#[circuit(name = "global", threshold = 2, cooldown = 30)]
async fn ask() -> io::Result<u32> {
    Ok(7)
}

#[rate_limit(name = "global_rate", limit = 1, per = "1h")]
fn limited() -> io::Result<()> {
    Ok(())
}

fn timed_out() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

/// Waits until no other test holds the lock, and resets all layers.
async fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::const_new(());
    let guard = ALONE.lock().await;
    reset_everything();
    guard
}

#[tokio::test(start_paused = true)]
async fn reset_concerns_all_layers_of_the_program() {
    let _alone = alone().await;
    let granted = BUDGET.stats().granted;
    configure("global", |circuit| circuit.threshold(9)).unwrap();
    configure_rate_limit("global_rate", |rate| rate.limit(5).burst(5)).unwrap();
    reset_everything();
    fail_next("global", 3, timed_out);
    ask().await.unwrap_err();
    limited().unwrap();
    limited().unwrap_err();
    assert_eq!((get_circuit("global").unwrap().state(), BUDGET.stats().tokens), (CircuitState::Open, 0));

    // The reset in another thread does not affect this isolated test.
    isolated(async {
        fail_next("global", 1, timed_out);
        limited().unwrap();
        thread::spawn(reset_everything).join().unwrap();
        limited().unwrap_err();
        assert_eq!((ask().await.unwrap(), BUDGET.stats().granted), (7, 1));
    })
    .await;

    assert_eq!((get_circuit("global").unwrap().state(), BUDGET.stats().tokens), (CircuitState::Closed, 5));
    limited().unwrap();
    assert_eq!((ask().await.unwrap(), BUDGET.stats().granted), (7, granted + 1), "no fault is left");
}

#[tokio::test(start_paused = true)]
async fn reset_in_a_test_keeps_the_layers_of_the_program() {
    let _alone = alone().await;
    fail_next("global", 3, timed_out);
    ask().await.unwrap_err();
    isolated(async { reset_everything() }).await;
    assert_eq!((get_circuit("global").unwrap().state(), BUDGET.stats().tokens), (CircuitState::Open, 0));
    reset_everything();
    assert_eq!(ask().await.unwrap(), 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_concern_all_threads_and_no_test() {
    let _alone = alone().await;
    let failed = get_circuit_stats()["global"].total_failed;
    fail_next("global", 1, timed_out);
    isolated(async { assert_eq!(ask().await.unwrap(), 7) }).await;
    no_delays();
    assert_eq!(tokio::spawn(ask()).await.unwrap().unwrap(), 7);
    assert_eq!(get_circuit_stats()["global"].total_failed, failed + 1);
    reset_everything();
}

#[tokio::test(start_paused = true)]
async fn guards_end_in_another_thread() {
    let _alone = alone().await;
    let begin = Instant::now();
    let (slow, failing) = (latency("global", SECOND), script("global", "err ok err", timed_out));
    // The call makes a failed attempt, a pause, and a successful attempt.
    assert_eq!(ask().await.unwrap(), 7);
    assert_eq!(begin.elapsed(), 3 * SECOND);
    thread::spawn(move || drop((slow, failing))).join().unwrap();
    assert_eq!(ask().await.unwrap(), 7);
    assert_eq!(begin.elapsed(), 3 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn pauses_are_left_out_until_the_reset() {
    let _alone = alone().await;
    let time = || async {
        let begin = Instant::now();
        fail_next("global", 1, timed_out);
        ask().await.unwrap();
        begin.elapsed()
    };
    no_delays();
    assert_eq!(time().await, Duration::ZERO);
    let inside = async {
        let begin = Instant::now();
        fail_next("global", 1, timed_out);
        ask().await.unwrap();
        begin.elapsed()
    };
    assert_eq!(isolated(inside).await, SECOND, "a test has pauses of its own");
    reset_everything();
    assert_eq!(time().await, SECOND);
}
