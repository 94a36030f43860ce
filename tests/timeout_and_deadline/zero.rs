//! Tests timeouts whose expression is zero. Such a timeout does not start the call.

use std::cell::Cell;
use std::time::Duration;

use resilience_runtime::{
    CircuitState, Rejection, circuit, deadline, deadline_remaining, fallback, get_circuit, timeout,
};
use support::seconds;

#[circuit(name = "zero::price", threshold = 1)]
#[timeout(left)]
async fn price(left: Duration, calls: &Cell<u32>) -> Result<u32, Rejection> {
    calls.set(calls.get() + 1);
    Ok(7)
}

#[circuit(name = "zero::page", threshold = 1)]
async fn page(left: Duration, calls: &Cell<u32>) -> Result<u32, Rejection> {
    price(left, calls).await
}

#[fallback(value = 9, on = "rejected")]
async fn page_or_nine(left: Duration, calls: &Cell<u32>) -> Result<u32, Rejection> {
    page(left, calls).await
}

/// An error type that hides the rejection, because the type has no `Error::source`.
struct Hidden(Rejection);

impl From<Rejection> for Hidden {
    fn from(error: Rejection) -> Self {
        Self(error)
    }
}

#[circuit(name = "zero::hidden", threshold = 1)]
async fn hidden(left: Duration, calls: &Cell<u32>) -> Result<u32, Hidden> {
    Ok(price(left, calls).await?)
}

#[tokio::test(start_paused = true)]
async fn call_without_time_is_a_rejection() {
    let calls = Cell::new(0);
    let error = page(Duration::ZERO, &calls).await.unwrap_err();
    assert!(!error.was_called());
    let Rejection::Timeout(error) = error else { panic!("{error:?}") };
    assert_eq!((error.to_string().as_str(), error.by_deadline()), ("timed out after 0ns", false));
    assert_eq!(page_or_nine(Duration::ZERO, &calls).await.unwrap(), 9);
    assert!(hidden(Duration::ZERO, &calls).await.is_err_and(|error| !error.0.was_called()));
    let without_time = async { price(deadline_remaining().unwrap(), &calls).await };
    deadline(Duration::ZERO, without_time).await.unwrap_err();
    assert_eq!(calls.get(), 0);
    for (name, ignored) in [("zero::price", 4), ("zero::page", 2), ("zero::hidden", 1)] {
        let stats = get_circuit(name).unwrap().stats();
        assert_eq!(
            (stats.state, stats.total_failed, stats.total_ignored),
            (CircuitState::Closed, 0, ignored),
            "{name}"
        );
    }
    assert_eq!(page(seconds(5), &calls).await.unwrap(), 7);
}
