//! A clock that is paused after the breaker was created.
//!
//! This test needs a process of its own, because another test would have read the clock before.

use std::time::Duration;

use resilience_runtime::CircuitBreaker;
use support::paused_runtime;
use tokio::time::sleep;

#[test]
fn slow_call_counts_on_clock_paused_later() {
    let second = Duration::from_secs(1);
    let breaker = CircuitBreaker::builder("clock_paused_later").slow_call(second).slow_rate(0.5).min_calls(9).calls(10);
    let breaker = breaker.build().unwrap();
    let runtime = paused_runtime();
    let slow = breaker.call(|| async {
        sleep(5 * second).await;
        Ok::<_, ()>(())
    });
    runtime.block_on(slow).unwrap();
    assert_eq!(breaker.stats().window_slow, 1);
}
