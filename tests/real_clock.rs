//! Fast calls on the system's clock, with a subscriber of every event.
//!
//! These tests need a process of their own: no test may pause a clock, and the subscriber is global.

use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitBuilder, CircuitState};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

struct Silent;

impl<S: tracing::Subscriber> Layer<S> for Silent {}

fn builder() -> CircuitBuilder {
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Silent));
    CircuitBreaker::builder("real_clock").slow_call(Duration::from_secs(60)).slow_rate(0.5).min_calls(4).calls(10)
}

#[test]
fn fast_call_with_subscriber_is_not_slow() {
    let breaker = builder().build().unwrap();
    for _ in 0..4 {
        breaker.try_acquire().unwrap().success();
    }
    assert_eq!((breaker.stats().window_slow, breaker.state()), (0, CircuitState::Closed));
}

#[test]
fn fast_trial_with_subscriber_closes_circuit() {
    let breaker = builder().cooldown(Duration::ZERO).build().unwrap();
    breaker.trip();
    breaker.try_acquire().unwrap().success();
    assert_eq!((breaker.state(), breaker.stats().total_opened), (CircuitState::Closed, 1));
}
