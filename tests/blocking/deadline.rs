//! Tests a deadline around functions that are not `async`.

use std::cell::Cell;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use resilience_runtime::{Bulkhead, CallError, RateLimit, bulkhead, deadline, retry};
use support::{Error, fail, paused_runtime, seconds};

use crate::pauses;

#[retry(max = 9, delay = 1)]
fn down(calls: &Cell<u32>) -> Result<(), u32> {
    fail(calls)
}

#[test]
fn plain_retry_obeys_deadline() {
    let runtime = paused_runtime();
    let calls = Cell::new(0);
    runtime.block_on(deadline(seconds(5), async {
        pauses::record_on_paused_clock();
        assert_eq!(down(&calls), Err(3));
    }));
    assert_eq!(pauses::recorded(), [1_000, 2_000], "a pause of 4 s would end after the deadline");
}

#[bulkhead(with = bulkhead)]
fn limited(bulkhead: &Bulkhead) -> Result<(), Error> {
    Ok(())
}

#[test]
fn deadline_ends_wait_of_plain_call() {
    let runtime = paused_runtime();
    let bulkhead = Bulkhead::builder("deadline", 1).wait(seconds(60)).build().unwrap();
    let limit = RateLimit::builder("deadline", 1).burst(1).wait(seconds(9)).build().unwrap();
    let (ended, is_ended) = mpsc::channel();
    thread::scope(|scope| {
        let slot = bulkhead.try_acquire().unwrap();
        // If the deadline does not end the wait, frees the slot after five seconds, so that the test fails instead of
        // hanging.
        scope.spawn(move || {
            let _ = is_ended.recv_timeout(seconds(5));
            drop(slot);
        });
        runtime.block_on(async {
            pauses::record_on_paused_clock();
            limit.try_acquire().unwrap();
            deadline(Duration::from_millis(10), async {
                assert!(matches!(limited(&bulkhead), Err(Error::Full(_))));
                let late = limit.call_blocking(|| Ok::<_, Error>(()));
                assert!(matches!(late, Err(CallError::Rejected(_))));
            })
            .await;
        });
        ended.send(()).unwrap();
    });
}
