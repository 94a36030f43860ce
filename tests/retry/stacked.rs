//! Tests two retries on one function, whose body makes a call through a circuit.

use std::future::Future;

use resilience_runtime::{Bulkhead, BulkheadFullError, CircuitOpenError, bulkhead, circuit, retry};
use support::seconds;
use tokio::time::{Instant, sleep};

use crate::open_circuits::breaker;

#[circuit(name = "stacked::below_stacked", threshold = 1, cooldown = 1.5)]
async fn called_below_stacked() -> Result<(), Hidden> {
    Err(Hidden)
}

#[circuit(name = "stacked::noise", threshold = 1, cooldown = 1000)]
async fn fails_in_other_task() -> Result<(), Hidden> {
    Err(Hidden)
}

/// An error that implements `std::error::Error`, but has no `source`.
#[derive(Debug, thiserror::Error)]
#[error("down")]
struct Hidden;

impl From<CircuitOpenError> for Hidden {
    fn from(_: CircuitOpenError) -> Self {
        Self
    }
}

impl From<BulkheadFullError> for Hidden {
    fn from(_: BulkheadFullError) -> Self {
        Self
    }
}

#[retry(max = 2, delay = 1)]
#[retry(max = 2, delay = 2)]
#[bulkhead(with = bulkhead)]
async fn stacked(bulkhead: &Bulkhead) -> Result<(), Hidden> {
    called_below_stacked().await
}

#[circuit(name = "stacked::rejects_stacked", cooldown = 1.5)]
async fn rejects_stacked() -> Result<(), CircuitOpenError> {
    Ok(())
}

#[derive(Debug)]
#[expect(dead_code, reason = "the rejection exists as long as this error")]
struct Keeps(Option<CircuitOpenError>);

impl From<BulkheadFullError> for Keeps {
    fn from(_: BulkheadFullError) -> Self {
        Self(None)
    }
}

#[retry(max = 2, delay = 1)]
#[retry(max = 2, delay = 2, retry_rejected = true)]
#[bulkhead(with = bulkhead)]
async fn stacked_with_note(bulkhead: &Bulkhead) -> Result<(), Keeps> {
    rejects_stacked().await.map_err(|rejection| Keeps(Some(rejection)))
}

/// Runs `call`, whose attempts start after 0, 2, 3 and 5 s. From 1 s on, a full bulkhead rejects the attempts. Returns
/// the duration of `call` in seconds, and the number of rejections.
async fn in_full_bulkhead<F: Future>(bulkhead: &Bulkhead, call: F) -> (u64, u64) {
    let begin = Instant::now();
    let fill = async {
        sleep(seconds(1)).await;
        let slot = bulkhead.try_acquire().unwrap();
        fails_in_other_task().await.unwrap_err();
        sleep(seconds(9)).await;
        drop(slot);
    };
    tokio::select! {
        _ = call => {}
        () = fill => unreachable!("the call ends first"),
    }
    (begin.elapsed().as_secs(), bulkhead.stats().total_rejected)
}

#[tokio::test(start_paused = true)]
async fn upper_of_stacked_retries_forgets_earlier_attempts_of_the_lower() {
    let bulkhead = || Bulkhead::builder("stacked::stacked", 1).build().unwrap();
    let (first, second) = (bulkhead(), bulkhead());
    assert_eq!(in_full_bulkhead(&first, stacked(&first)).await, (5, 3));
    breaker("stacked::noise").reset();
    breaker("stacked::rejects_stacked").trip();
    assert_eq!(in_full_bulkhead(&second, stacked_with_note(&second)).await, (5, 3));
}
