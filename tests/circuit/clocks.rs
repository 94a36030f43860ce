//! Breakers without a runtime, on a paused clock, and on two clocks that disagree.

use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState};
use support::paused_runtime;
use tokio::runtime::Runtime;
use tokio::time::advance;

const COOLDOWN: Duration = Duration::from_secs(30);

fn breaker() -> CircuitBreaker {
    CircuitBreaker::builder("clocks").threshold(1).cooldown(COOLDOWN).build().unwrap()
}

/// Creates a runtime whose clock is paused, `ahead` of the machine's clock.
fn paused(ahead: Duration) -> Runtime {
    let runtime = paused_runtime();
    runtime.block_on(advance(ahead));
    runtime
}

#[test]
fn breaker_works_without_runtime() {
    let breaker = breaker();
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), CircuitState::Open);
    let left = breaker.try_acquire().unwrap_err().cooldown_remaining();
    assert!(left <= COOLDOWN && left > COOLDOWN / 2, "{left:?}");
}

#[test]
fn opening_in_the_future_counts_from_now() {
    let (ahead, behind) = (paused(Duration::from_secs(3600)), paused(Duration::ZERO));
    let breaker = breaker();
    ahead.block_on(async { breaker.try_acquire().unwrap().failure() });
    behind.block_on(async {
        assert_eq!(breaker.stats().cooldown_remaining, COOLDOWN, "never more than the cooldown");
        assert_eq!(breaker.try_acquire().unwrap_err().cooldown_remaining(), COOLDOWN);
        advance(COOLDOWN).await;
        assert_eq!(breaker.state(), CircuitState::HalfOpen);
        breaker.try_acquire().unwrap().success();
        assert_eq!(breaker.state(), CircuitState::Closed);
    });
}

#[test]
fn trial_in_the_future_counts_from_now() {
    let (ahead, behind) = (paused(Duration::from_secs(3600)), paused(Duration::ZERO));
    let breaker = breaker();
    breaker.try_acquire().unwrap().failure();
    let hanging = ahead.block_on(async { breaker.try_acquire().unwrap() });
    behind.block_on(async {
        assert_eq!(breaker.try_acquire().unwrap_err().cooldown_remaining(), COOLDOWN, "the trial timeout from now on");
        advance(COOLDOWN).await;
        breaker.try_acquire().unwrap().success();
    });
    drop(hanging);
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[test]
fn clock_ahead_ends_cooldown_for_its_readers_only() {
    let breaker = breaker();
    breaker.try_acquire().unwrap().failure();
    assert_eq!(paused(COOLDOWN).block_on(async { breaker.state() }), CircuitState::HalfOpen);
    assert_eq!(breaker.state(), CircuitState::Open, "reading the state changed nothing");
}

#[test]
fn window_in_the_future_counts_from_now() {
    let looks: [fn(&CircuitBreaker); 3] = [|_| {}, CircuitBreaker::reset, |breaker| drop(breaker.stats())];
    for look in looks {
        let (ahead, behind) = (paused(Duration::from_secs(86_400)), paused(Duration::ZERO));
        let breaker = CircuitBreaker::builder("clocks").threshold(2).window(Duration::from_secs(10)).build().unwrap();
        ahead.block_on(async { look(&breaker) });
        behind.block_on(async {
            for _ in 0..3 {
                breaker.try_acquire().unwrap().failure();
                advance(Duration::from_secs(3600)).await;
            }
            assert_eq!(breaker.state(), CircuitState::Closed, "one failure an hour");
        });
    }
}
