//! Breakers and clocks: none of a runtime's, a paused one, two that disagree.

use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState};
use tokio::runtime::{Builder, Runtime};
use tokio::time::advance;

const COOLDOWN: Duration = Duration::from_secs(30);

fn breaker() -> CircuitBreaker {
    CircuitBreaker::builder("clocks").threshold(1).cooldown(COOLDOWN).build().unwrap()
}

/// A runtime whose clock stands still, and is ahead of the machine's by so much.
fn paused(ahead: Duration) -> Runtime {
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    runtime.block_on(advance(ahead));
    runtime
}

#[test]
fn a_breaker_needs_no_runtime() {
    let breaker = breaker();
    breaker.try_acquire().unwrap().failure();
    assert_eq!(breaker.state(), CircuitState::Open);
    let left = breaker.try_acquire().unwrap_err().cooldown_remaining();
    assert!(left <= COOLDOWN && left > COOLDOWN / 2, "{left:?}");
}

#[test]
fn an_opening_in_the_future_is_an_opening_now() {
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
fn a_trial_in_the_future_is_a_trial_now() {
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
fn a_clock_that_runs_ahead_ends_the_cooldown_for_those_who_see_it() {
    let breaker = breaker();
    breaker.try_acquire().unwrap().failure();
    assert_eq!(paused(COOLDOWN).block_on(async { breaker.state() }), CircuitState::HalfOpen);
    assert_eq!(breaker.state(), CircuitState::Open, "looking has changed nothing");
}

#[test]
fn a_window_in_the_future_is_a_window_now() {
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
