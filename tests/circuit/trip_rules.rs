//! Tests trip rules (the conditions that open a circuit), and the states that a caller sets by hand (forced open, or
//! disabled). Also tests shadow circuits, which admit all calls, and count the calls that a normal circuit would
//! reject.

use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitBuilder, CircuitState, check_circuits, circuit, get_circuit};
use support::{Error, calls, paused_runtime};
use tokio::time::{advance, sleep};

const SECOND: Duration = Duration::from_secs(1);

fn builder() -> CircuitBuilder {
    CircuitBreaker::builder("trip_rules")
}

#[tokio::test(start_paused = true)]
async fn failures_within_window_open_circuit() {
    let breaker = builder().threshold(3).window(10 * SECOND).build().unwrap();
    calls(&breaker, "x.....x...");
    advance(11 * SECOND).await;
    calls(&breaker, "x.x");
    assert_eq!(breaker.state(), CircuitState::Closed, "the first two failures are forgotten");
    advance(8 * SECOND).await;
    calls(&breaker, "..x");
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[test]
fn failures_among_last_calls_open_circuit() {
    let breaker = builder().threshold(2).calls(3).build().unwrap();
    calls(&breaker, "x..x..x.");
    assert_eq!(breaker.state(), CircuitState::Closed);
    calls(&breaker, "x");
    assert_eq!((breaker.state(), breaker.stats().failures), (CircuitState::Open, 2));
}

#[circuit(name = "trip_rules::rate", failure_rate = 0.5, min_calls = 4, calls = 10, cooldown = 7)]
async fn half_of_them(fails: bool) -> io::Result<()> {
    if fails { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn failure_rate_applies_from_min_calls_on() {
    for fails in [true, true, true] {
        let _ = half_of_them(fails).await;
    }
    let breaker = get_circuit("trip_rules::rate").unwrap();
    assert_eq!(breaker.state(), CircuitState::Closed);
    half_of_them(false).await.unwrap();
    assert_eq!(breaker.state(), CircuitState::Closed, "a success opens no circuit");
    let _ = half_of_them(true).await;
    assert_eq!((breaker.state(), breaker.stats().threshold), (CircuitState::Open, 0));
    assert_eq!(breaker.stats().cooldown_remaining, 7 * SECOND);
}

#[circuit(name = "trip_rules::slow", slow_call = 2, slow_rate = 0.5, min_calls = 4, window = 60)]
async fn takes(time: Duration) -> io::Result<()> {
    sleep(time).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn slow_successes_open_circuit_and_fail_trial() {
    for seconds in [0, 2, 1] {
        takes(seconds * SECOND).await.unwrap();
    }
    let breaker = get_circuit("trip_rules::slow").unwrap();
    assert_eq!(breaker.state(), CircuitState::Closed);
    takes(3 * SECOND).await.unwrap();
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.window_slow, stats.total_succeeded), (CircuitState::Open, 2, 4));

    advance(30 * SECOND).await;
    takes(2 * SECOND).await.unwrap();
    assert_eq!((breaker.state(), breaker.stats().total_opened), (CircuitState::Open, 2), "a slow trial");
    advance(30 * SECOND).await;
    takes(SECOND).await.unwrap();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[circuit(
    name = "trip_rules::answers",
    threshold = 2,
    failure_if = |error| !matches!(error, Error::Status(404)),
    failure_if_ok = |status| *status >= 500,
)]
async fn answers(status: u16) -> Result<u16, Error> {
    if status == 404 { Err(Error::Status(status)) } else { Ok(status) }
}

#[tokio::test(start_paused = true)]
async fn failure_if_ok_counts_value_as_failure() {
    let breaker = get_circuit("trip_rules::answers").unwrap();
    assert_eq!(answers(503).await.unwrap(), 503, "it comes back as it was");
    answers(404).await.unwrap_err();
    assert_eq!((breaker.stats().failures, breaker.stats().total_ignored), (1, 1));
    answers(200).await.unwrap();
    answers(503).await.unwrap();
    assert_eq!(breaker.state(), CircuitState::Closed);
    answers(500).await.unwrap();
    assert_eq!((breaker.state(), breaker.stats().total_failed), (CircuitState::Open, 3));
}

#[tokio::test(start_paused = true)]
async fn manual_states_hold_until_reset() {
    let breaker = builder().threshold(2).cooldown(SECOND).build().unwrap();
    let early = breaker.try_acquire().unwrap();
    breaker.trip();
    assert_eq!((breaker.stats().cooldown_remaining, breaker.stats().total_opened), (SECOND, 1));
    early.success();
    assert_eq!(breaker.state(), CircuitState::Open, "a late success");
    advance(SECOND).await;
    calls(&breaker, ".");
    assert_eq!(breaker.state(), CircuitState::Closed);

    breaker.force_open();
    advance(1000 * SECOND).await;
    let rejection = breaker.try_acquire().unwrap_err();
    assert_eq!(
        (rejection.state(), rejection.retry_after()),
        (CircuitState::ForcedOpen, SECOND),
        "no other time is known"
    );
    assert_eq!(rejection.cooldown_remaining(), Duration::ZERO, "it is not open");
    assert_eq!((breaker.state().as_str(), breaker.stats().cooldown_remaining), ("forced_open", Duration::ZERO));

    breaker.disable();
    let before = breaker.stats();
    calls(&breaker, "xxxx.");
    let stats = breaker.stats();
    assert_eq!(
        (stats.state.as_str(), stats.failures, stats.successes),
        ("disabled", before.failures, before.successes)
    );
    assert_eq!((stats.total_failed, stats.total_succeeded), (before.total_failed + 4, before.total_succeeded + 1));

    let late = breaker.try_acquire().unwrap();
    breaker.reset();
    late.failure();
    calls(&breaker, "x.x");
    assert_eq!((breaker.state(), breaker.stats().failures), (CircuitState::Closed, 1));
}

#[tokio::test(start_paused = true)]
async fn shadow_circuit_counts_rejections_but_admits() {
    let breaker = builder().threshold(2).cooldown(SECOND).shadow(true).build().unwrap();
    calls(&breaker, "xxxx.");
    let stats = breaker.stats();
    assert_eq!((stats.state, stats.total_rejected, stats.total_opened), (CircuitState::Open, 3, 1));
    assert_eq!((stats.total_failed, stats.total_succeeded), (4, 1));
    advance(SECOND).await;
    let trial = breaker.try_acquire().unwrap();
    calls(&breaker, "x");
    assert_eq!(breaker.state(), CircuitState::HalfOpen, "the failed call was not a trial");
    trial.success();
    assert_eq!((breaker.state(), breaker.stats().total_rejected), (CircuitState::Closed, 4));

    breaker.force_open();
    calls(&breaker, ".");
    assert_eq!((breaker.state(), breaker.stats().total_rejected), (CircuitState::ForcedOpen, 5));
}

#[circuit(name = "trip_rules::mixed", threshold = 4)]
async fn by_threshold() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn two_trip_rules_under_one_name_conflict() {
    by_threshold().await.unwrap();
    assert_eq!(check_circuits(), Ok(()));
    let rate = CircuitBreaker::builder("trip_rules::mixed").failure_rate(0.5).min_calls(3).calls(3);
    let error = rate.register().unwrap_err().to_string();
    assert!(
        error.starts_with("`failure_rate` is 0.5, but must be absent, which circuit 'trip_rules::mixed' has"),
        "{error}"
    );
    assert_eq!(get_circuit("trip_rules::mixed").unwrap().stats().threshold, 4);
}

#[test]
fn contradictory_trip_rule_is_a_config_error() {
    for (builder, message) in [
        (
            builder().threshold(2).window(SECOND).calls(3),
            "`calls` is 3, but must be without `window`: the one or the other",
        ),
        (builder().threshold(9).calls(3), "`threshold` is 9, but must be at most `calls`"),
        (
            builder().failure_rate(0.5).min_calls(3).calls(3).threshold(2),
            "`threshold` is 2, but must be without `failure_rate` and `slow_rate`: the one or the others",
        ),
        (
            builder().threshold(2).calls(3).min_calls(2),
            "`min_calls` is 2, but must be beside `failure_rate` or `slow_rate`",
        ),
        (builder().calls(3), "`calls` is 3, but must be beside `threshold`, `failure_rate` or `slow_rate`"),
        (builder().slow_call(SECOND), "`slow_call` is 1s, but must be beside `slow_rate`"),
        (builder().failure_rate(0.5).calls(3), "`failure_rate` is 0.5, but must be beside `min_calls`"),
        (builder().failure_rate(0.5).min_calls(3), "`failure_rate` is 0.5, but must be beside `window` or `calls`"),
        (builder().failure_rate(f64::NAN), "`failure_rate` is NaN, but must be greater than 0, to 1"),
        (builder().failure_rate(0.5).min_calls(4).calls(3), "`min_calls` is 4, but must be at most `calls`"),
        (builder().slow_rate(0.5).min_calls(4).calls(5), "`slow_rate` is 0.5, but must be beside `slow_call`"),
        (builder().window(SECOND), "`window` is 1s, but must be beside `threshold`, `failure_rate` or `slow_rate`"),
        (builder().window(Duration::ZERO), "`window` is 0s, but must be from 1 ms to 24 h"),
        (builder().calls(1 << 16), "`calls` is 65536, but must be a whole number from 1 to 65535"),
        (
            builder().cooldown_factor(f64::INFINITY),
            "`cooldown_factor` is inf, but must be a finite number of at least 1",
        ),
        (builder().cooldown_jitter(-0.1), "`cooldown_jitter` is -0.1, but must be from 0 to 1"),
        (
            builder().cooldown(2 * SECOND).max_cooldown(SECOND),
            "`max_cooldown` is 1s, but must be at least as long as `cooldown`",
        ),
    ] {
        assert_eq!(builder.build().unwrap_err().to_string(), message);
    }
}

#[tokio::test(start_paused = true)]
async fn window_added_later_begins_empty() {
    for name in ["trip_rules::time", "trip_rules::calls"] {
        calls(&CircuitBreaker::builder(name).register().unwrap(), &"-".repeat(1000));
        let adds = CircuitBreaker::builder(name).failure_rate(0.5).min_calls(4);
        let adds = if name == "trip_rules::time" { adds.window(60 * SECOND) } else { adds.calls(100) };
        let breaker = adds.register().unwrap();
        assert_eq!(breaker.stats().window_total, 0, "{name}");
        calls(&breaker, "xxxx");
        assert_eq!(breaker.state(), CircuitState::Open, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn trials_are_not_in_the_window() {
    for builder in [builder().window(600 * SECOND), builder().calls(20)] {
        let breaker = builder.threshold(2).cooldown(SECOND).half_open_max(3).build().unwrap();
        calls(&breaker, "..xx");
        let window = |breaker: &CircuitBreaker| (breaker.stats().window_total, breaker.stats().window_failures);
        assert_eq!(window(&breaker), (4, 2));
        for trials in ["..x", ".x", "x"] {
            advance(SECOND).await;
            calls(&breaker, trials);
            assert_eq!((breaker.state(), window(&breaker)), (CircuitState::Open, (4, 2)), "after trials {trials}");
        }
        assert_eq!(breaker.stats().failures, 5, "each failed trial adds one");
        advance(SECOND).await;
        calls(&breaker, "...");
        assert_eq!((breaker.state(), window(&breaker)), (CircuitState::Closed, (0, 0)));
    }
}

#[tokio::test(start_paused = true)]
async fn failures_do_not_depend_on_path_of_success() {
    let make = |slow| {
        let builder = builder().failure_rate(0.9).min_calls(9).window(10 * SECOND);
        if slow { builder.slow_call(SECOND).slow_rate(1.0) } else { builder }.build().unwrap()
    };
    for breaker in [make(false), make(true)] {
        calls(&breaker, "xx");
        advance(11 * SECOND).await;
        // Neither of the two successes below may change `failures`. The first success takes the breaker's lock, because
        // the two failures have left the time window. With `make(true)`, the second success also takes the lock,
        // because it is a slow call.
        calls(&breaker, ".");
        let slow = breaker.try_acquire().unwrap();
        advance(SECOND).await;
        slow.success();
        let stats = breaker.stats();
        assert_eq!((stats.failures, stats.window_total, stats.window_failures), (2, 2, 0));
    }
}

#[test]
fn look_from_another_clock_changes_no_window() {
    let clocks = [0, 86_400].map(|ahead| {
        let runtime = paused_runtime();
        runtime.block_on(advance(ahead * SECOND));
        runtime
    });
    let windows = [builder().window(10 * SECOND), builder().calls(10)];
    for builder in windows {
        for [user, other] in [[&clocks[0], &clocks[1]], [&clocks[1], &clocks[0]]] {
            let breaker = builder.clone().threshold(4).build().unwrap();
            user.block_on(async { calls(&breaker, "x.xx") });
            other.block_on(async { breaker.stats() });
            user.block_on(async {
                let stats = breaker.stats();
                assert_eq!((stats.window_total, stats.window_failures), (4, 3));
                calls(&breaker, "x");
                assert_eq!(breaker.state(), CircuitState::Open);
            });
        }
    }
}

#[tokio::test(start_paused = true)]
async fn window_leaves_out_ignored_and_cancelled_calls() {
    for builder in [builder().window(60 * SECOND), builder().calls(9)] {
        let breaker = builder.threshold(3).build().unwrap();
        calls(&breaker, ".x");
        breaker.try_acquire().unwrap().ignore();
        drop(breaker.try_acquire().unwrap());
        let stats = breaker.stats();
        assert_eq!((stats.window_total, stats.window_failures), (2, 1));
        assert_eq!((stats.total_ignored, stats.total_cancelled), (1, 1));
    }
}
