//! Tests the queue of a bulkhead, and the slots that tasks and threads own.

use std::time::Duration;

use resilience_runtime::{Bulkhead, BulkheadFullError, OwnedBulkheadSlot, bulkhead};
use support::assert_send;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

#[bulkhead(max = 1, max_queue = 2, wait = "1m")]
async fn queued() -> Result<(), BulkheadFullError> {
    sleep(SECOND).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn call_beyond_max_queue_is_rejected_at_once() {
    let begin = Instant::now();
    let (first, second, third, rejected_at) = tokio::join!(queued(), queued(), queued(), async {
        assert!(queued().await.is_err());
        begin.elapsed()
    });
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert_eq!((rejected_at, begin.elapsed()), (Duration::ZERO, 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn slot_tells_how_long_it_waited() {
    let bulkhead = Bulkhead::builder("waited", 1).wait(5 * SECOND).build().unwrap();
    let first = bulkhead.acquire().await.unwrap();
    assert_eq!(first.waited(), Duration::ZERO);
    let (second, ()) = tokio::join!(bulkhead.acquire(), async {
        sleep(2 * SECOND).await;
        drop(first);
    });
    assert_eq!(second.as_ref().unwrap().waited(), 2 * SECOND);
    let (third, ()) = tokio::join!(bulkhead.acquire_owned(), async {
        sleep(3 * SECOND).await;
        drop(second);
    });
    assert_eq!(third.unwrap().waited(), 3 * SECOND);
    assert_eq!(bulkhead.try_acquire_owned().unwrap().waited(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn owned_slot_lives_as_long_as_its_task() {
    let bulkhead = Bulkhead::builder("task", 2).build().unwrap();
    let slot = assert_send(bulkhead.try_acquire_owned().unwrap());
    let task = tokio::spawn(async move {
        sleep(SECOND).await;
        drop(slot);
    });
    let slot = bulkhead.acquire_owned().await.unwrap();
    let panics = tokio::spawn(async move {
        let _slot = slot;
        sleep(2 * SECOND).await;
        panic!("of the task");
    });
    assert!(bulkhead.try_acquire_owned().is_err());
    assert_eq!(bulkhead.stats().in_use, 2);
    task.await.unwrap();
    assert_eq!(bulkhead.stats().in_use, 1);
    assert!(panics.await.unwrap_err().is_panic());
    assert_eq!(bulkhead.stats().in_use, 0);
}

#[test]
fn owned_slot_comes_back_when_its_runtime_shuts_down() {
    let bulkhead = Bulkhead::builder("shutdown", 1).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let slot: OwnedBulkheadSlot = bulkhead.acquire_owned().await.unwrap();
        tokio::spawn(async move {
            let _slot = slot;
            std::future::pending::<()>().await;
        });
        tokio::task::yield_now().await;
    });
    assert_eq!(bulkhead.stats().in_use, 1);
    drop(runtime);
    assert_eq!(bulkhead.stats().in_use, 0);
    assert!(bulkhead.try_acquire().is_ok());
}

#[tokio::test(start_paused = true)]
async fn owned_slot_wakes_the_next_call() {
    let bulkhead = Bulkhead::builder("wakes", 1).wait(9 * SECOND).build().unwrap();
    let slot = bulkhead.try_acquire_owned().unwrap();
    let (waited, ()) = tokio::join!(async { bulkhead.acquire().await.unwrap().waited() }, async {
        sleep(SECOND).await;
        drop(slot);
    });
    assert_eq!(waited, SECOND);
}

#[test]
fn invalid_queue_is_refused_by_name() {
    let error = Bulkhead::builder("a", 1).max_queue(0).build().unwrap_err().to_string();
    assert_eq!(error, "`max_queue` is 0, but must be a whole number from 1 to 1000000000");
}
