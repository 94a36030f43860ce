//! Tests a retry (the inner retry) in the body of another retry (the outer retry). If a call of the inner retry fails,
//! the retries of this call count towards the `max` of the outer retry.

use std::cell::Cell;
use std::time::Duration;

use resilience_runtime::{RetryPolicy, circuit, get_circuit, hedge, retry, timeout};
use support::{Error, fail};
use tokio::task::LocalSet;
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
#[circuit(name = "nested::upper", threshold = 100, error = |_| 0)]
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

#[retry(max = 3, delay = 0)]
async fn flaky(calls: &Cell<u32>) -> Result<(), u32> {
    calls.set(calls.get() + 1);
    if calls.get() % 3 == 0 { Ok(()) } else { Err(calls.get()) }
}

#[retry(max = 3, delay = 0)]
async fn job(flaky_calls: &Cell<u32>, steps: &Cell<u32>) -> Result<(), u32> {
    flaky(flaky_calls).await?;
    fail(steps)
}

#[tokio::test(start_paused = true)]
async fn nested_retries_of_successful_call_do_not_count() {
    let (flaky_calls, steps) = (Cell::new(0), Cell::new(0));
    assert_eq!(job(&flaky_calls, &steps).await, Err(3));
    assert_eq!((flaky_calls.take(), steps.take()), (9, 3));
    let policy = RetryPolicy::builder().max(3).delay(Duration::ZERO).build().unwrap();
    let call = policy.call(async || {
        policy.call(|| flaky(&flaky_calls)).await?;
        fail(&steps)
    });
    assert_eq!(call.await, Err(3));
    assert_eq!(flaky_calls.take(), 9);
}

#[retry(max = 2, delay = 0)]
async fn works_around(calls: &Cell<u32>) -> Result<(), u32> {
    let _ = lower(calls).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn failed_retries_within_successful_call_do_not_count() {
    let (calls, steps) = (Cell::new(0), Cell::new(0));
    let policy = RetryPolicy::builder().max(3).delay(Duration::ZERO).build().unwrap();
    let call = policy.call(async || {
        works_around(&calls).await?;
        fail(&steps)
    });
    assert_eq!(call.await, Err(3));
}

#[timeout(4)]
#[retry(max = 4, delay = 1, backoff = 1)]
async fn timed_out(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    sleep(Duration::from_secs(1)).await;
    Err(Error::Down)
}

#[retry(max = 9, delay = 0)]
#[circuit(name = "nested::rejects", threshold = 3)]
async fn rejects(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 3 {
        get_circuit("nested::rejects").unwrap().force_open();
    }
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn nested_retries_count_however_call_fails() {
    let calls = Cell::new(0);
    let policy = RetryPolicy::builder().max(3).delay(Duration::ZERO).retry_if(|_: &Error| true).build().unwrap();
    policy.call(|| timed_out(&calls)).await.unwrap_err();
    assert_eq!(calls.take(), 3, "the timeout ended the third attempt");
    let begin = Cell::new(0);
    let text = policy.call(async || {
        begin.set(begin.get() + 1);
        rejects(&calls).await.map_err(|_| Error::Other)
    });
    text.await.unwrap_err();
    assert_eq!((calls.take(), begin.take()), (3, 1), "the circuit ended the call");
}

#[retry(max = 3, delay = 1)]
#[timeout(9)]
async fn impatient(calls: &Cell<u32>) -> Result<(), Error> {
    // The third attempt of the inner retry (`policy`) runs longer than the timeout of 9 s.
    let policy = RetryPolicy::builder().max(3).build().unwrap();
    let call = policy.call(async || {
        if fail(calls) == Err(3) {
            sleep(Duration::from_secs(60)).await;
        }
        Err(Error::Down)
    });
    call.await
}

#[tokio::test(start_paused = true)]
async fn nested_retries_count_when_attempt_times_out() {
    let calls = Cell::new(0);
    assert!(matches!(impatient(&calls).await, Err(Error::Timeout(_))));
    assert_eq!(calls.get(), 3, "one attempt and two nested retries");
}

#[retry(max = 9, delay = 6)]
async fn retries_slowly() -> Result<(), Error> {
    Err(Error::Down)
}

#[hedge(after = 5, max = 2)]
async fn hedged(first: &Cell<bool>) -> Result<(), Error> {
    if first.replace(false) { retries_slowly().await } else { Ok(()) }
}

#[retry(max = 3, delay = 0)]
async fn job_of_hedged(steps: &Cell<u32>) -> Result<(), Error> {
    hedged(&Cell::new(true)).await?;
    steps.set(steps.get() + 1);
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn retries_in_slower_attempt_of_successful_hedge_count() {
    let steps = Cell::new(0);
    assert!(job_of_hedged(&steps).await.is_err());
    assert_eq!(steps.get(), 2, "the slower attempt made one retry in each attempt of the job");
}

#[tokio::test(start_paused = true)]
async fn retries_of_spawned_task_count_only_in_local_set_of_body() {
    let policy = RetryPolicy::builder().max(3).delay(Duration::ZERO).build().unwrap();
    let body = |calls: &std::rc::Rc<Cell<u32>>| {
        let calls = calls.clone();
        async move { policy_of_two().call(async || fail(&calls)).await }
    };

    let calls = std::rc::Rc::new(Cell::new(0));
    let around = LocalSet::new();
    let call = policy.call(async || tokio::task::spawn_local(body(&calls)).await.unwrap());
    assert!(around.run_until(call).await.is_err());
    assert_eq!(calls.take(), 6, "three attempts of two calls each");

    let call = policy.call(async || {
        let own = LocalSet::new();
        own.run_until(async { tokio::task::spawn_local(body(&calls)).await.unwrap() }).await
    });
    assert!(call.await.is_err());
    assert_eq!(calls.take(), 4, "the retry of each task counts towards the three attempts");
}

fn policy_of_two() -> RetryPolicy {
    RetryPolicy::builder().max(2).delay(Duration::ZERO).build().unwrap()
}

#[retry(max = 2, delay = 0)]
#[retry(max = 2, delay = 0)]
async fn stacked(calls: &Cell<u32>) -> Result<(), u32> {
    let outcome = fail(calls);
    if calls.get() % 4 == 0 { Ok(()) } else { outcome }
}

#[retry(max = 3, delay = 0)]
async fn job_of_stacked(calls: &Cell<u32>, steps: &Cell<u32>) -> Result<(), u32> {
    stacked(calls).await?;
    fail(steps)
}

#[retry(max = 3, delay = 0)]
#[timeout(2)]
#[retry(max = 3, delay = 0)]
async fn stacked_with_timeout(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    if calls.get() % 4 != 0 {
        sleep(Duration::from_millis(1_500)).await;
        return Err(Error::Down);
    }
    Ok(())
}

#[retry(max = 3, delay = 0)]
async fn job_of_stacked_with_timeout(calls: &Cell<u32>, steps: &Cell<u32>) -> Result<(), Error> {
    stacked_with_timeout(calls).await?;
    steps.set(steps.get() + 1);
    Err(Error::Down)
}

#[retry(max = 1)]
#[retry(max = 2, delay = 0)]
async fn stacked_works_around(calls: &Cell<u32>) -> Result<(), u32> {
    let _ = fails_twice(calls).await;
    Ok(())
}

#[retry(max = 2, delay = 0)]
async fn fails_twice(calls: &Cell<u32>) -> Result<(), u32> {
    fail(calls)
}

#[retry(max = 3, delay = 0)]
async fn job_of_stacked_that_works_around(calls: &Cell<u32>, steps: &Cell<u32>) -> Result<(), u32> {
    stacked_works_around(calls).await?;
    steps.set(steps.get() + 1);
    fails_twice(calls).await
}

#[tokio::test(start_paused = true)]
async fn retries_of_stacked_retries_count_as_those_of_one_call() {
    let (calls, steps) = (Cell::new(0), Cell::new(0));
    let _ = job_of_stacked(&calls, &steps).await;
    assert_eq!((calls.take(), steps.take()), (12, 3), "the stacked retries succeed");
    let _ = job_of_stacked_with_timeout(&calls, &steps).await;
    assert_eq!(steps.take(), 3, "a timeout ends the lower retry once");
    calls.take();
    let _ = job_of_stacked_that_works_around(&calls, &steps).await;
    assert_eq!(steps.take(), 2, "the retries of the last call count");
}
