//! Tests `RetryPolicy`, which retries without an attribute.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use resilience_runtime::{CallError, CircuitBreaker, RetryPolicy};
use tokio::time::Instant;

struct Bare(Rc<u32>);

#[tokio::test(start_paused = true)]
async fn error_without_bounds_is_returned_unchanged() {
    let last = Rc::new(0);
    let attempts = Cell::new(0);
    let call = || {
        attempts.set(attempts.get() + 1);
        let error = if attempts.get() == 3 { Bare(last.clone()) } else { Bare(Rc::new(attempts.get())) };
        async { Err::<(), _>(error) }
    };
    let begin = Instant::now();
    let Err(error) = RetryPolicy::default().call(call).await else { panic!("it never works") };
    assert!(Rc::ptr_eq(&error.0, &last));
    assert_eq!(begin.elapsed(), Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn policy_serves_concurrent_calls() {
    let policy = RetryPolicy::builder().max(2).delay(Duration::from_secs(1)).build().unwrap();
    let call = |works_from: u32| {
        let attempts = Cell::new(0);
        let attempt = move || {
            attempts.set(attempts.get() + 1);
            std::future::ready(if attempts.get() >= works_from { Ok(works_from) } else { Err(works_from) })
        };
        policy.call(attempt)
    };
    let begin = Instant::now();
    assert_eq!(tokio::join!(call(1), call(2), call(3)), (Ok(1), Ok(2), Err(3)));
    assert_eq!(begin.elapsed(), Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn retry_if_ends_retry() {
    let policy = RetryPolicy::builder().max(5).delay(Duration::ZERO).retry_if(|error: &u32| *error < 3).build();
    let attempts = Cell::new(0);
    let attempt = || {
        attempts.set(attempts.get() + 1);
        std::future::ready(Err::<(), _>(attempts.get()))
    };
    assert_eq!(policy.unwrap().call(attempt).await, Err(3));
}

#[tokio::test(start_paused = true)]
async fn policy_over_breaker_ends_when_it_opens() {
    let breaker = CircuitBreaker::builder("policy").threshold(2).build().unwrap();
    let policy = RetryPolicy::builder().max(9).build().unwrap();
    let begin = Instant::now();
    let outcome = policy.call(|| breaker.call(|| async { Err::<(), _>("down") })).await;
    assert!(matches!(outcome, Err(CallError::Failed("down"))), "{outcome:?}");
    assert_eq!((breaker.stats().total_failed, breaker.stats().total_rejected), (2, 0));
    assert_eq!(begin.elapsed(), Duration::from_secs(1), "no pause before a certain rejection");
}

#[test]
fn zero_delay_needs_no_timer() {
    let policy = RetryPolicy::builder().max(3).delay(Duration::ZERO).build().unwrap();
    let attempts = Cell::new(0);
    let call = policy.call(|| {
        attempts.set(attempts.get() + 1);
        std::future::ready(if attempts.get() == 3 { Ok(()) } else { Err(()) })
    });
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(runtime.block_on(call), Ok(()));
}
