//! Retries inside the body of another retry: the attempts below count against the attempts above.

use std::cell::Cell;
use std::time::Duration;

use resilience_runtime::{RetryPolicy, circuit, retry};
use support::fail;
use tokio::time::sleep;

#[retry(max = 3, delay = 1)]
async fn lower(calls: &Cell<u32>) -> Result<(), u32> {
    fail(calls)
}

#[retry(max = 4, delay = 1)]
async fn middle(calls: &Cell<u32>) -> Result<(), u32> {
    lower(calls).await
}

#[retry(max = 6, delay = 1)]
#[circuit(name = "nested::upper", threshold = 100, open = |_| 0)]
async fn upper(calls: &Cell<u32>) -> Result<(), u32> {
    middle(calls).await
}

#[tokio::test(start_paused = true)]
async fn nested_retries_do_not_multiply() {
    let calls = Cell::new(0);
    let _ = lower(&calls).await;
    assert_eq!(calls.take(), 3);
    let _ = middle(&calls).await;
    assert_eq!(calls.take(), 6, "three, which leaves room for one more attempt; not twelve");
    let _ = upper(&calls).await;
    assert!(calls.take() <= 12, "at most twelve, not seventy-two");
}

#[retry(max = 3, delay = 1, count_nested = false)]
async fn multiplies(calls: &Cell<u32>) -> Result<(), u32> {
    lower(calls).await
}

#[tokio::test(start_paused = true)]
async fn nested_retries_multiply_without_count_nested() {
    let calls = Cell::new(0);
    let _ = multiplies(&calls).await;
    assert_eq!(calls.take(), 9);
    let policy = RetryPolicy::builder().count_nested(false).build().unwrap();
    let _ = policy.call(|| lower(&calls)).await;
    assert_eq!(calls.take(), 9);
    let _ = RetryPolicy::default().call(|| lower(&calls)).await;
    assert_eq!(calls.take(), 3);
}

#[tokio::test(start_paused = true)]
async fn retries_outside_the_body_do_not_count() {
    let (beside, calls, other) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let polite = RetryPolicy::builder().max(4).build().unwrap();
    let call = polite.call(async || {
        sleep(Duration::from_millis(500)).await;
        fail(&calls)
    });
    let (_, _, ()) = tokio::join!(lower(&beside), call, async {
        for _ in 0..5 {
            let _ = lower(&other).await;
        }
    });
    assert_eq!((beside.get(), calls.get(), other.get()), (3, 4, 15));
}

#[tokio::test(start_paused = true)]
async fn nested_retries_before_a_success_count() {
    let (lower_calls, calls) = (Cell::new(0), Cell::new(0));
    let works_at_last = RetryPolicy::builder().max(3).build().unwrap();
    let call = RetryPolicy::builder().max(3).build().unwrap();
    let answer = call.call(async || {
        let second = works_at_last.call(async || {
            lower_calls.set(lower_calls.get() + 1);
            if lower_calls.get() % 2 == 0 { Ok(()) } else { Err(()) }
        });
        second.await.unwrap();
        fail(&calls)
    });
    assert_eq!(answer.await, Err(2));
    assert_eq!(lower_calls.get(), 4);
}
