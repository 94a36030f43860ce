//! The events of retries and of the other layers, and the errors in events.

use std::io;
use std::time::Duration;

use resilience_runtime::{RetryBudget, TokenBucket, bulkhead, circuit, fallback, hedge, rate_limit, retry, timeout};

use crate::recorder::{record, recorded};

#[derive(Debug)]
struct Opaque;

impl From<resilience_runtime::CircuitOpenError> for Opaque {
    fn from(_: resilience_runtime::CircuitOpenError) -> Self {
        Self
    }
}

#[retry(max = 3, delay = 0.5)]
#[circuit(name = "layers::opaque", threshold = 9)]
async fn opaque() -> Result<(), Opaque> {
    Err(Opaque)
}

#[retry(max = 2, delay = 0.25)]
#[circuit(name = "layers::long", threshold = 9)]
async fn long() -> io::Result<()> {
    Err(io::Error::other("ü".repeat(60)))
}

#[tokio::test(start_paused = true)]
async fn event_holds_error_if_its_type_is_displayable() {
    record();
    assert!(opaque().await.is_err());
    assert_eq!(
        recorded(),
        [
            "DEBUG circuit_failure circuit=layers::opaque duration_ms=0",
            "DEBUG retry_attempt func=\"opaque\" attempt=1 delay=0.5",
            "DEBUG circuit_failure circuit=layers::opaque duration_ms=0",
            "DEBUG retry_attempt func=\"opaque\" attempt=2 delay=1.0",
            "DEBUG circuit_failure circuit=layers::opaque duration_ms=0",
        ]
    );
    assert!(long().await.is_err());
    let cut = "ü".repeat(50);
    let failure = format!("DEBUG circuit_failure circuit=layers::long duration_ms=0 error={cut}");
    let again = format!("DEBUG retry_attempt func=\"long\" attempt=1 delay=0.25 error={cut}");
    assert_eq!(recorded(), [&failure, &again, &failure].map(String::as_str));
}

#[retry(max = 9, delay = 1, max_elapsed = 2)]
async fn too_long() -> Result<(), &'static str> {
    Err("down")
}

#[retry(max = 9, delay = 0, budget = RetryBudget::bucket(TokenBucket { capacity: 0, ..TokenBucket::DEFAULT }))]
async fn too_dear() -> Result<(), &'static str> {
    Err("down")
}

#[tokio::test(start_paused = true)]
async fn retry_exhausted_event_names_the_reason() {
    record();
    assert!(too_long().await.is_err());
    assert!(too_dear().await.is_err());
    assert_eq!(
        recorded(),
        [
            "DEBUG retry_attempt func=\"too_long\" attempt=1 delay=1.0 error=down",
            "DEBUG retry_exhausted func=\"too_long\" attempt=2 reason=\"max_elapsed\" error=down",
            "DEBUG retry_exhausted func=\"too_dear\" attempt=1 reason=\"budget\" error=down",
        ]
    );
}

async fn instead(_: u64) -> io::Result<u64> {
    std::future::ready(Ok(7)).await
}

#[fallback(instead)]
#[timeout(3)]
#[rate_limit(per_second = 1, burst = 2)]
#[bulkhead(max = 1)]
#[hedge(after = 1)]
async fn layered(millis: u64) -> io::Result<u64> {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    Err(io::Error::other("too late"))
}

#[tokio::test(start_paused = true)]
async fn other_layers_emit_their_events() {
    record();
    assert_eq!(layered(9000).await.unwrap(), 7);
    assert_eq!(
        recorded(),
        [
            "DEBUG hedged func=\"layered\" attempt=2",
            "DEBUG timed_out func=\"layered\" after=3.0",
            "DEBUG fell_back func=\"layered\" error=timed out after 3s",
        ]
    );
    let (first, second) = tokio::join!(biased; layered(500), layered(500));
    assert_eq!((first.unwrap(), second.unwrap()), (7, 7));
    assert_eq!(
        recorded(),
        [
            "DEBUG bulkhead_full bulkhead=layered max=1",
            "DEBUG fell_back func=\"layered\" error=bulkhead 'layered' is full",
            "DEBUG fell_back func=\"layered\" error=too late",
        ]
    );
    assert_eq!(layered(0).await.unwrap(), 7);
    assert_eq!(
        recorded(),
        [
            "DEBUG rate_limited rate_limit=layered retry_after=0.5",
            "DEBUG fell_back func=\"layered\" error=rate limit 'layered' is reached, retry in 500ms",
        ]
    );
}
