//! Tests conversions of a `TimeoutError` to the user's error type. Such a conversion may itself make a call that a
//! circuit rejects. The rejection must not hide that the timeout ended the call.

use std::future::pending;
use std::io;

use resilience_runtime::{TimeoutError, circuit, fallback, get_circuit, timeout};

#[circuit(name = "conversions::audit", error = |open| io::Error::other(open.to_string()))]
fn audit() -> io::Result<()> {
    Ok(())
}

/// An error whose conversion makes a rejected call, and drops the rejection.
#[derive(Debug)]
struct Audited;

impl From<TimeoutError> for Audited {
    fn from(_: TimeoutError) -> Self {
        audit().unwrap_err();
        Self
    }
}

#[circuit(name = "conversions::from", threshold = 2)]
#[timeout(1)]
async fn hangs() -> Result<(), Audited> {
    pending().await
}

#[circuit(name = "conversions::error", threshold = 2)]
#[timeout(1, error = |_| audit().unwrap_err())]
async fn hangs_with_error_option() -> io::Result<()> {
    pending().await
}

#[fallback(|_| Ok(()), on = "rejected")]
#[timeout(1)]
async fn hangs_below_fallback() -> Result<(), Audited> {
    pending().await
}

impl From<resilience_runtime::CircuitOpenError> for Audited {
    fn from(_: resilience_runtime::CircuitOpenError) -> Self {
        Self
    }
}

#[tokio::test(start_paused = true)]
async fn rejected_call_in_conversion_does_not_hide_timeout() {
    get_circuit("conversions::audit").unwrap().force_open();
    hangs().await.unwrap_err();
    hangs_with_error_option().await.unwrap_err();
    for name in ["conversions::from", "conversions::error"] {
        let stats = get_circuit(name).unwrap().stats();
        assert_eq!((stats.failures, stats.total_ignored), (1, 0), "{name}");
    }
    hangs_below_fallback().await.expect_err("the body ran, so the call was not rejected");
}
