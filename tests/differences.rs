//! Where a breaker differs from the original specification, on purpose: one test each, which shows what it does. What
//! the specification's breaker does instead stands above it. `looking_changes_nothing` is among the events.

use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState};
use tokio::time::advance;

const COOLDOWN: Duration = Duration::from_secs(30);
const TRIAL_TIMEOUT: Duration = Duration::from_secs(5);
/// The smallest step of a breaker's clock.
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

/// A breaker that the failure of a first call has opened, an hour ago.
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

/// The specification: only a trial's success takes failures back, so that the third failure opens the circuit whatever
/// lies between.
#[test]
fn a_success_while_closed_starts_the_count_anew() {
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

/// The specification: still open at that moment, with a rejection that says "Retry in 0s".
#[tokio::test(start_paused = true)]
async fn the_exact_end_of_the_cooldown_admits() {
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

/// The specification: has no such outcome; every exception is a failure.
#[tokio::test(start_paused = true)]
async fn an_ignored_outcome_is_neither_success_nor_failure() {
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

/// The specification: every call passes while half-open, however many are under way.
#[tokio::test(start_paused = true)]
async fn trials_are_limited() {
    let breaker = half_open(2).await;
    let first = breaker.try_acquire().unwrap();
    let second = breaker.try_acquire().unwrap();
    assert!(breaker.try_acquire().is_err(), "two under way");
    first.success();
    assert!(breaker.try_acquire().is_err(), "one has succeeded and one is under way");
    second.success();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// The specification: adds them to those of the trials, so that here the first trial closes the circuit.
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

/// The specification: counts it, and the cooldown starts again.
#[tokio::test(start_paused = true)]
async fn a_late_failure_does_not_lengthen_the_cooldown() {
    let breaker = breaker(1, 1);
    let late = breaker.try_acquire().unwrap();
    fail(&breaker);
    advance(Duration::from_secs(20)).await;
    late.failure();
    let stats = breaker.stats();
    assert_eq!((stats.failures, stats.cooldown_remaining), (1, Duration::from_secs(10)));
    assert_eq!(stats.total_failed, 2);
}

/// The specification: opens the circuit again.
#[tokio::test(start_paused = true)]
async fn a_late_failure_is_not_the_failure_of_a_trial() {
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

/// The specification: closes the circuit while the trial is under way.
#[tokio::test(start_paused = true)]
async fn a_late_success_does_not_close() {
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

/// The specification: counts it, so that a reset is undone by the calls that it was meant to forget.
#[test]
fn a_call_from_before_a_reset_does_not_count() {
    let breaker = breaker(1, 1);
    let late = breaker.try_acquire().unwrap();
    breaker.reset();
    late.failure();
    assert_eq!((breaker.state(), breaker.stats().failures), (CircuitState::Closed, 0));
}

/// The specification: the rest of a cooldown since the last failure, in any state.
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
    // The last failure is a moment ago from here on.
    late.failure();
    assert_eq!(remaining(), (CircuitState::HalfOpen, Duration::ZERO));
    let trial = breaker.try_acquire().unwrap();
    assert_eq!(remaining(), (CircuitState::HalfOpen, Duration::ZERO));
    trial.success();
    assert_eq!(remaining(), (CircuitState::Closed, Duration::ZERO));
}

/// The specification: its stats say open until somebody has asked for the state or made a call.
#[tokio::test(start_paused = true)]
async fn stats_say_half_open_as_soon_as_the_cooldown_is_over() {
    let breaker = breaker(1, 1);
    fail(&breaker);
    advance(COOLDOWN).await;
    assert_eq!(breaker.stats().state, CircuitState::HalfOpen);
}

/// The specification: rejects nobody while half-open.
#[tokio::test(start_paused = true)]
async fn a_rejection_while_half_open_tells_how_long_the_trials_may_take() {
    let breaker = half_open(1).await;
    let hangs = breaker.try_acquire().unwrap();
    let wait = || breaker.try_acquire().map(drop).map_err(|open| open.cooldown_remaining());
    assert_eq!(wait(), Err(TRIAL_TIMEOUT));
    advance(TRIAL_TIMEOUT.saturating_sub(STEP)).await;
    assert_eq!(wait(), Err(STEP));
    advance(STEP).await;
    assert_eq!(wait(), Ok(()));
    drop(hangs);
}

/// The specification: needs no such thing, since it does not limit trials.
#[tokio::test(start_paused = true)]
async fn the_slots_of_trials_that_hang_come_back_all_at_once() {
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

/// The specification: counts it too, but has no slots.
#[tokio::test(start_paused = true)]
async fn a_trial_that_hung_still_counts_and_gives_no_slot_back_twice() {
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

/// The specification: has none; what it counts, a reset clears.
#[test]
fn totals_survive_a_reset() {
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
