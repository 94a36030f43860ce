//! Tests circuits that restore the state of an earlier circuit. The settings of the two circuits may differ.

use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitBuilder, CircuitState, CircuitStats};
use serde_json::{Value, json};
use support::seconds;
use tokio::time::advance;

use crate::{alone, restored, taken, with_one};

/// Registers a circuit, and makes `failures` calls that fail.
fn failed(circuit: CircuitBuilder, failures: u32) -> CircuitBreaker {
    let breaker = circuit.register().unwrap();
    (0..failures).for_each(|_| breaker.try_acquire().unwrap().failure());
    breaker
}

/// Restores the state of the circuit `from` into the circuit `to`.
fn moved(from: &CircuitBreaker, to: &CircuitBreaker) -> CircuitStats {
    assert_eq!(restored(&with_one("circuits", to.name(), &taken("circuits", from.name()))).restored, 1);
    to.stats()
}

#[tokio::test(start_paused = true)]
async fn open_circuit_rejects_for_rest_of_cooldown() {
    let _alone = alone();
    let old = failed(CircuitBreaker::builder("circuit rest old"), 3);
    advance(seconds(10)).await;
    let new = CircuitBreaker::builder("circuit rest new").register().unwrap();
    let stats = moved(&old, &new);
    assert_eq!((stats.state, stats.failures, stats.cooldown_remaining), (CircuitState::Open, 3, seconds(20)));
    assert_eq!(stats.last_failure, old.stats().last_failure);
    assert!(stats.last_failure.is_some());
    assert_eq!((stats.total_failed, stats.total_opened), (0, 0), "the totals count the calls of this process");
    assert!(new.try_acquire().is_err());
    advance(seconds(20)).await;
    new.try_acquire().unwrap().success();
    assert_eq!(new.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn half_open_circuit_admits_trial_at_once() {
    let _alone = alone();
    let old = failed(CircuitBreaker::builder("circuit half open old").cooldown_factor(2.0), 3);
    advance(seconds(30)).await;
    let trial = old.try_acquire().unwrap();
    let state = taken("circuits", "circuit half open old");
    assert_eq!((&state["state"], &state["cooldown_remaining"]), (&json!("open"), &json!(0)));
    let new = CircuitBreaker::builder("circuit half open new").cooldown_factor(2.0).register().unwrap();
    assert_eq!(moved(&old, &new).state, CircuitState::HalfOpen);
    new.try_acquire().unwrap().failure();
    assert_eq!(new.stats().cooldown_remaining, seconds(60), "the cooldown continues to grow");
    drop(trial);
}

#[tokio::test(start_paused = true)]
async fn manual_states_last_until_reset() {
    let _alone = alone();
    let [old, new] = ["old", "new"].map(|end| failed(CircuitBreaker::builder(format!("circuit manual {end}")), 0));
    old.force_open();
    assert_eq!(moved(&old, &new).state, CircuitState::ForcedOpen);
    advance(seconds(3600)).await;
    assert!(new.try_acquire().is_err());
    old.disable();
    assert_eq!(moved(&old, &new).state, CircuitState::Disabled);
    (0..9).for_each(|_| new.try_acquire().unwrap().failure());
    assert_eq!(new.state(), CircuitState::Disabled);
    new.reset();
    assert_eq!(new.state(), CircuitState::Closed);
}

#[tokio::test(start_paused = true)]
async fn failures_of_closed_circuit_count_on() {
    let _alone = alone();
    let old = failed(CircuitBreaker::builder("circuit failures old"), 2);
    let new = CircuitBreaker::builder("circuit failures new").register().unwrap();
    assert_eq!(moved(&old, &new).failures, 2);
    new.try_acquire().unwrap().failure();
    assert_eq!(new.state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn hint_and_jitter_keep_the_rest_of_a_longer_cooldown() {
    let _alone = alone();
    let jitter = |name: &'static str| CircuitBreaker::builder(name).threshold(1).cooldown_jitter(1.0);
    let old = jitter("circuit hint old").register().unwrap();
    old.try_acquire().unwrap().failure_retry_after(seconds(600));
    let left = old.stats().cooldown_remaining;
    assert!(left > seconds(600), "{left:?}");
    let new = jitter("circuit hint new").register().unwrap();
    assert_eq!(moved(&old, &new).cooldown_remaining, left);
}

#[tokio::test(start_paused = true)]
async fn longest_delay_of_a_service_can_be_restored() {
    let _alone = alone();
    let capped = |name: &'static str| CircuitBreaker::builder(name).threshold(1).max_cooldown(seconds(60));
    let old = capped("circuit longest old").register().unwrap();
    old.try_acquire().unwrap().failure_retry_after(Duration::MAX);
    let new = capped("circuit longest new").register().unwrap();
    assert_eq!(moved(&old, &new).cooldown_remaining, seconds(60));
}

#[tokio::test(start_paused = true)]
async fn rest_of_cooldown_is_at_most_new_cooldown() {
    let _alone = alone();
    let old = failed(CircuitBreaker::builder("circuit shorter old"), 3);
    let new = CircuitBreaker::builder("circuit shorter new").cooldown(seconds(5)).register().unwrap();
    assert_eq!(moved(&old, &new).cooldown_remaining, seconds(5));
    let longer = CircuitBreaker::builder("circuit longer new").cooldown(seconds(500)).register().unwrap();
    assert_eq!(moved(&old, &longer).cooldown_remaining, seconds(30));
}

#[tokio::test(start_paused = true)]
async fn failures_of_another_rule_do_not_count() {
    let _alone = alone();
    let in_a_row = failed(CircuitBreaker::builder("circuit rules row"), 2);
    let in_window = failed(CircuitBreaker::builder("circuit rules window").threshold(3).calls(10), 2);
    let window = CircuitBreaker::builder("circuit rules new window").threshold(3).calls(10).register().unwrap();
    let row = CircuitBreaker::builder("circuit rules new row").register().unwrap();
    assert_eq!((moved(&in_a_row, &window).failures, moved(&in_window, &row).failures), (0, 0));
    assert_eq!((window.stats().window_total, row.state()), (0, CircuitState::Closed));
}

#[tokio::test(start_paused = true)]
async fn failures_of_another_kind_of_window_do_not_count() {
    let _alone = alone();
    let build = |end: &str| CircuitBreaker::builder(format!("circuit kind {end}")).threshold(5);
    let calls = failed(build("calls").calls(10), 3);
    let time = failed(build("time").window(seconds(60)), 3);
    for (old, new) in [(&calls, build("new time").window(seconds(60))), (&time, build("new calls").calls(10))] {
        let stats = moved(old, &new.register().unwrap());
        assert_eq!((stats.failures, stats.window_failures), (0, 0), "{}", stats.name);
    }
    for (old, new) in [(&calls, build("more calls").calls(20)), (&time, build("more time").window(seconds(90)))] {
        let stats = moved(old, &new.register().unwrap());
        assert_eq!((stats.failures, stats.window_failures), (3, 3), "{}", stats.name);
    }
}

#[tokio::test(start_paused = true)]
async fn window_of_calls_keeps_newest_calls_that_fit() {
    let _alone = alone();
    let rates = |name: &'static str, calls| {
        let slow = CircuitBreaker::builder(name).calls(calls).min_calls(3).failure_rate(1.0);
        slow.slow_call(seconds(1)).slow_rate(1.0).register().unwrap()
    };
    let old = rates("circuit calls old", 10);
    for outcome in "F.FsS.".chars() {
        let call = old.try_acquire().unwrap();
        advance(seconds(u64::from("sS".contains(outcome)))).await;
        if "FS".contains(outcome) { call.failure() } else { call.success() }
    }
    assert_eq!(taken("circuits", "circuit calls old")["window"], json!({ "calls": "F.FsS." }));
    for (size, name, window) in [
        (10, "circuit calls same", (6, 3, 2)),
        (4, "circuit calls fewer", (4, 2, 2)),
        (3, "circuit calls fewest", (3, 1, 2)),
        (100, "circuit calls more", (6, 3, 2)),
    ] {
        let stats = moved(&old, &rates(name, size));
        assert_eq!((stats.window_total, stats.window_failures, stats.window_slow), window, "{size} calls");
    }
    let time = CircuitBreaker::builder("circuit calls time").threshold(3).window(seconds(60)).register().unwrap();
    assert_eq!(moved(&old, &time).window_total, 0);
}

#[tokio::test(start_paused = true)]
async fn window_of_time_keeps_calls_that_fit_by_age() {
    let _alone = alone();
    let window =
        |name: &'static str, length| CircuitBreaker::builder(name).threshold(50).window(length).register().unwrap();
    let old = window("circuit time old", seconds(100));
    for _ in 0..9 {
        let call = old.try_acquire().unwrap();
        old.try_acquire().unwrap().failure();
        call.success();
        advance(seconds(10)).await;
    }
    assert_eq!(old.stats().window_total, 18);
    for (length, name, failures) in [
        (100, "circuit time same", 9),
        (50, "circuit time half", 4),
        (65, "circuit time odd", 5),
        (1_000, "circuit time ten", 9),
    ] {
        let new = window(name, seconds(length));
        let stats = moved(&old, &new);
        assert_eq!((stats.window_total, stats.window_failures), (2 * failures, failures), "{length} s");
        new.try_acquire().unwrap().success();
        assert_eq!(new.stats().window_total, 2 * failures + 1);
    }
    advance(seconds(10)).await;
    let same = resilience_runtime::get_circuit("circuit time same").unwrap();
    assert_eq!(same.stats().window_failures, 8, "the calls expire as in the old process");
    assert_eq!(same.stats().window_total, 17);
}

#[tokio::test(start_paused = true)]
async fn running_call_does_not_affect_restored_circuit() {
    let _alone = alone();
    let old = failed(CircuitBreaker::builder("circuit running old").threshold(2), 1);
    let new = CircuitBreaker::builder("circuit running new").threshold(2).register().unwrap();
    let call = new.try_acquire().unwrap();
    moved(&old, &new);
    call.failure();
    assert_eq!((new.state(), new.stats().failures, new.stats().total_failed), (CircuitState::Closed, 1, 1));
}

#[test]
fn snapshot_leaves_out_new_circuits_and_changes_nothing() {
    let _alone = alone();
    let breaker = CircuitBreaker::builder("circuit unchanged").threshold(3).calls(9).register().unwrap();
    assert_eq!(taken("circuits", breaker.name()), Value::Null);
    breaker.try_acquire().unwrap().failure();
    let stats = breaker.stats();
    assert_eq!(taken("circuits", breaker.name()), taken("circuits", breaker.name()));
    assert_eq!(breaker.stats(), stats);
    let built = CircuitBreaker::builder("circuit built").build().unwrap();
    built.trip();
    assert_eq!(taken("circuits", built.name()), Value::Null);
}

#[tokio::test(start_paused = true)]
async fn long_waits_keep_their_nanoseconds() {
    let _alone = alone();
    let nanos = Duration::new(7_000_000, 123_456_784);
    let [old, new] = ["old", "new"].map(|end| {
        let circuit = CircuitBreaker::builder(format!("circuit nanos {end}")).cooldown(nanos).max_cooldown(nanos);
        circuit.register().unwrap()
    });
    old.trip();
    assert_eq!(taken("circuits", old.name())["cooldown_remaining"], 7_000_000.123_456_784);
    assert_eq!(moved(&old, &new).cooldown_remaining, nanos);
}
