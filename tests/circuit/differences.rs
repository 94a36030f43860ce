//! Tests the intended differences between this library and the Python breaker. The Python breaker is the circuit
//! breaker in this project's original specification. The comment of each test describes the Python breaker, and the
//! test checks the behaviour of this library. The test `reading_the_state_emits_no_event` in `tests/events/circuit.rs`
//! covers one more difference.

use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState};
use tokio::time::advance;

const COOLDOWN: Duration = Duration::from_secs(30);
const TRIAL_TIMEOUT: Duration = Duration::from_secs(5);
/// The resolution of a breaker's clock: 8 ns.
const STEP: Duration = Duration::from_nanos(8);

fn breaker(threshold: u32, half_open_max: u32) -> CircuitBreaker {
    CircuitBreaker::builder("differences")
        .threshold(threshold)
        .cooldown(COOLDOWN)
        .half_open_max(half_open_max)
        .trial_timeout(TRIAL_TIMEOUT)
        .build()
        .unwrap()
}

async fn half_open(half_open_max: u32) -> CircuitBreaker {
    let breaker = breaker(1, half_open_max);
    fail(&breaker);
    advance(Duration::from_secs(3600)).await;
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    breaker
}

fn succeed(breaker: &CircuitBreaker) {
    breaker.try_acquire().unwrap().success();
}

fn fail(breaker: &CircuitBreaker) {
    breaker.try_acquire().unwrap().failure();
}

/// In the Python breaker, a success does not reset the failure count of a closed circuit. With a threshold of 3, the
/// third failure therefore always opens the circuit.
#[test]
fn success_while_closed_resets_failure_count() {
    let breaker = breaker(3, 1);
    fail(&breaker);
    fail(&breaker);
    succeed(&breaker);
    assert_eq!(breaker.stats().failures, 0);
    fail(&breaker);
    fail(&breaker);
    assert_eq!(breaker.state(), CircuitState::Closed);
    fail(&breaker);
    assert_eq!(breaker.state(), CircuitState::Open);
}

/// In the Python breaker, the circuit is still open at the exact end of the cooldown. A call at this moment is rejected
/// with the message "Retry in 0s".
#[tokio::test(start_paused = true)]
async fn call_at_exact_end_of_cooldown_is_admitted() {
    let breaker = breaker(1, 1);
    fail(&breaker);
    advance(COOLDOWN.saturating_sub(STEP)).await;
    assert_eq!(breaker.state(), CircuitState::Open);
    assert_eq!(breaker.try_acquire().unwrap_err().cooldown_remaining(), STEP);
    advance(STEP).await;
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    succeed(&breaker);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// In the Python breaker, no outcome is ignored: every `Exception` is a failure.
#[tokio::test(start_paused = true)]
async fn ignored_outcome_is_neither_success_nor_failure() {
    let breaker = breaker(2, 1);
    fail(&breaker);
    breaker.try_acquire().unwrap().ignore();
    assert_eq!((breaker.state(), breaker.stats().failures), (CircuitState::Closed, 1));
    fail(&breaker);
    assert_eq!(breaker.state(), CircuitState::Open);

    advance(COOLDOWN).await;
    breaker.try_acquire().unwrap().ignore();
    assert_eq!((breaker.state(), breaker.stats().failures), (CircuitState::HalfOpen, 2));
    assert_eq!((breaker.stats().successes, breaker.stats().total_ignored), (0, 2));
    succeed(&breaker);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// In the Python breaker, a half-open circuit admits every call as a trial.
#[tokio::test(start_paused = true)]
async fn trials_are_limited_to_half_open_max() {
    let breaker = half_open(2).await;
    let first = breaker.try_acquire().unwrap();
    let second = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err(), "two under way");
    first.success();
    assert!(breaker.try_acquire().is_err(), "one has succeeded and one is under way");
    second.success();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// In the Python breaker, a success while the circuit is closed counts like a successful trial. The first successful
/// trial of this test would therefore close the circuit.
#[tokio::test(start_paused = true)]
async fn successes_while_closed_do_not_count_toward_closing() {
    let breaker = breaker(1, 2);
    succeed(&breaker);
    succeed(&breaker);
    fail(&breaker);
    advance(COOLDOWN).await;
    succeed(&breaker);
    assert_eq!(breaker.state(), CircuitState::HalfOpen);
    assert_eq!(breaker.stats().successes, 3, "the stats count both kinds");
    succeed(&breaker);
    assert_eq!((breaker.state(), breaker.stats().successes), (CircuitState::Closed, 0));
}

/// In the Python breaker, every failure starts the cooldown again, even if the call began before the circuit opened.
#[tokio::test(start_paused = true)]
async fn stale_failure_does_not_lengthen_cooldown() {
    let breaker = breaker(1, 1);
    let late = breaker.try_acquire().unwrap();
    fail(&breaker);
    advance(Duration::from_secs(20)).await;
    late.failure();
    let stats = breaker.stats();
    assert_eq!((stats.failures, stats.cooldown_remaining), (1, Duration::from_secs(10)));
    assert_eq!(stats.total_failed, 2);
}

/// In the Python breaker, every failure opens a half-open circuit again, even if the call began before the circuit
/// opened.
#[tokio::test(start_paused = true)]
async fn stale_failure_does_not_fail_the_trial() {
    let breaker = breaker(1, 1);
    let late = breaker.try_acquire().unwrap();
    fail(&breaker);
    advance(COOLDOWN).await;
    let trial = breaker.try_acquire().unwrap();
    late.failure();
    assert_eq!((breaker.state(), breaker.stats().failures), (CircuitState::HalfOpen, 1));
    trial.success();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// In the Python breaker, every success can close a half-open circuit, even if the call began before the circuit
/// opened.
#[tokio::test(start_paused = true)]
async fn stale_success_does_not_close_circuit() {
    let breaker = breaker(1, 1);
    let late = breaker.try_acquire().unwrap();
    fail(&breaker);
    advance(COOLDOWN).await;
    let trial = breaker.try_acquire().unwrap();
    late.success();
    assert_eq!((breaker.state(), breaker.stats().successes), (CircuitState::HalfOpen, 0));
    assert_eq!(breaker.stats().total_succeeded, 1);
    trial.failure();
    assert_eq!(breaker.state(), CircuitState::Open);
}

/// In the Python breaker, a failure after a reset counts, even if its call began before the reset.
#[test]
fn call_begun_before_reset_does_not_count() {
    let breaker = breaker(1, 1);
    let late = breaker.try_acquire().unwrap();
    breaker.reset();
    late.failure();
    assert_eq!((breaker.state(), breaker.stats().failures), (CircuitState::Closed, 0));
}

/// In the Python breaker, `cooldown_remaining` is the cooldown minus the time since the last failure, in every state.
#[tokio::test(start_paused = true)]
async fn cooldown_remaining_is_zero_unless_open() {
    let breaker = breaker(2, 1);
    let remaining = || (breaker.state(), breaker.stats().cooldown_remaining);
    fail(&breaker);
    assert_eq!(remaining(), (CircuitState::Closed, Duration::ZERO));

    let late = breaker.try_acquire().unwrap();
    fail(&breaker);
    assert_eq!(remaining(), (CircuitState::Open, COOLDOWN));
    advance(COOLDOWN).await;
    // In the Python breaker, `late.failure()` would set `cooldown_remaining` to a full cooldown again.
    late.failure();
    assert_eq!(remaining(), (CircuitState::HalfOpen, Duration::ZERO));
    let trial = breaker.try_acquire().unwrap();
    assert_eq!(remaining(), (CircuitState::HalfOpen, Duration::ZERO));
    trial.success();
    assert_eq!(remaining(), (CircuitState::Closed, Duration::ZERO));
}

/// In the Python breaker, the statistics show an open circuit even after the cooldown. The Python breaker becomes
/// half-open only when a caller reads its state or makes a call.
#[tokio::test(start_paused = true)]
async fn stats_are_half_open_once_cooldown_ends() {
    let breaker = breaker(1, 1);
    fail(&breaker);
    advance(COOLDOWN).await;
    assert_eq!(breaker.stats().state, CircuitState::HalfOpen);
}

/// In the Python breaker, a half-open circuit rejects no call.
#[tokio::test(start_paused = true)]
async fn half_open_rejection_asks_for_one_second_at_most() {
    let breaker = half_open(1).await;
    let hangs = breaker.try_acquire().unwrap();
    let wait = || breaker.try_acquire().map(drop).map_err(|open| open.retry_after());
    assert_eq!(wait(), Err(Duration::from_secs(1)));
    advance(TRIAL_TIMEOUT.saturating_sub(STEP)).await;
    assert_eq!(wait(), Err(STEP));
    advance(STEP).await;
    assert_eq!(wait(), Ok(()));
    drop(hangs);
}

/// In the Python breaker, the number of trials has no limit, so a hanging trial never blocks another call.
#[tokio::test(start_paused = true)]
async fn permits_of_hanging_trials_expire_together() {
    let breaker = half_open(2).await;
    let _first = breaker.try_acquire().unwrap();
    advance(TRIAL_TIMEOUT / 2).await;
    let _second = breaker.try_acquire().unwrap();
    advance(TRIAL_TIMEOUT / 2).await;
    assert!(breaker.try_acquire().is_err(), "the newest trial counts");
    advance(TRIAL_TIMEOUT / 2).await;
    let _third = breaker.try_acquire().unwrap();
    let _fourth = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err());
}

/// In the Python breaker, a trial has no time limit, so the success of a trial always counts.
#[tokio::test(start_paused = true)]
async fn expired_trial_counts_but_frees_no_second_permit() {
    let breaker = half_open(2).await;
    let cancelled = breaker.try_acquire().unwrap();
    let succeeds = breaker.try_acquire().unwrap();
    advance(TRIAL_TIMEOUT).await;
    let trial = breaker.try_acquire().unwrap();
    drop(cancelled);
    succeeds.success();
    assert_eq!((breaker.state(), breaker.stats().successes), (CircuitState::HalfOpen, 1));
    assert!(breaker.try_acquire().is_err(), "one has succeeded and one is under way");
    trial.success();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// In the Python breaker, a reset sets every count to zero. The Python breaker has no totals (counts of all calls since
/// the creation of the breaker).
#[test]
fn totals_survive_reset() {
    let breaker = breaker(2, 1);
    succeed(&breaker);
    fail(&breaker);
    breaker.try_acquire().unwrap().ignore();
    drop(breaker.try_acquire().unwrap());
    fail(&breaker);
    breaker.try_acquire().unwrap_err();
    breaker.reset();

    let stats = breaker.stats();
    assert_eq!((stats.failures, stats.successes, stats.last_failure), (0, 0, None));
    assert_eq!((stats.total_succeeded, stats.total_failed), (1, 2));
    assert_eq!((stats.total_ignored, stats.total_cancelled), (1, 1));
    assert_eq!((stats.total_rejected, stats.total_opened), (1, 1));
}
