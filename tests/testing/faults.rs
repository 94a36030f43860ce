//! Faults on demand.

use std::io;

use resilience_runtime::{assert_circuit, expect_events, testing};
use tokio::time::advance;

use super::{SECOND, ask, timed_out};

#[resilience_runtime::test]
async fn injected_errors_open_the_circuit() {
    testing::fail_next("kit", 3, timed_out);
    assert_eq!(ask().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_circuit!("kit", Closed);
    assert_eq!(ask().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_circuit!("kit", Open);
    expect_events![
        circuit_failure(circuit = "kit"),
        retry_attempt(func = "ask", attempt = 1),
        circuit_opened(circuit = "kit", reason = "threshold", failures = 3, error = "timed out"),
    ];
    advance(31 * SECOND).await;
    assert_eq!(ask().await.unwrap(), 7);
    assert_circuit!("kit", Closed);
}
