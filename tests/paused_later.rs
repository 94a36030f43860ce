//! A clock that is paused after a breaker was made. One test: with another one, somebody would have looked at the clock.

use std::time::Duration;

use resilience_runtime::CircuitBreaker;
use tokio::runtime::Builder;
use tokio::time::sleep;

#[test]
fn a_slow_call_is_slow_on_a_clock_that_was_paused_later() {
    let second = Duration::from_secs(1);
    let breaker = CircuitBreaker::builder("paused_later").slow_call(second).slow_rate(0.5).min_calls(9).calls(10);
    let breaker = breaker.build().unwrap();
    let runtime = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let slow = breaker.call(|| async {
        sleep(5 * second).await;
        Ok::<_, ()>(())
    });
    runtime.block_on(slow).unwrap();
    assert_eq!(breaker.stats().window_slow, 1);
}
