//! Tests subscribers that call the library, or that panic, while they receive an event of the library.

use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState, circuit, get_circuit, get_circuit_stats};
use tokio::time::advance;

use crate::recorder::{record_and, recorded};

#[circuit(name = "subscriber::reentrant", threshold = 1)]
async fn reentrant() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn subscriber_may_call_breaker_and_sees_new_state() {
    record_and(|event| {
        if event.metadata().name() == "circuit_opened" {
            assert_eq!(get_circuit_stats()["subscriber::reentrant"].total_opened, 1);
            let breaker = get_circuit("subscriber::reentrant").unwrap();
            assert!(breaker.try_acquire().is_err(), "the state is published before its event");
            breaker.reset();
        }
    });
    assert!(reentrant().await.is_err());
    assert_eq!(
        recorded(),
        [
            "DEBUG circuit_failure circuit=subscriber::reentrant duration_ms=0 error=timed out",
            "WARN circuit_opened circuit=subscriber::reentrant reason=\"threshold\" failures=1 error=timed out",
            "DEBUG circuit_rejected circuit=subscriber::reentrant cooldown_remaining=30",
            "INFO circuit_reset circuit=subscriber::reentrant",
        ]
    );
    assert_eq!(get_circuit("subscriber::reentrant").unwrap().state().as_str(), "closed");
}

#[tokio::test(start_paused = true)]
async fn panicking_subscriber_frees_the_permit() {
    let breaker = CircuitBreaker::builder("subscriber_panics").threshold(2).build().unwrap();
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap().failure();
    advance(Duration::from_secs(30)).await;
    record_and(|event| {
        if event.metadata().name() == "circuit_half_open" {
            std::panic::resume_unwind(Box::new("a subscriber"));
        }
    });
    let trial = std::panic::catch_unwind(|| breaker.try_acquire().map(drop));
    assert!(trial.is_err());
    assert_eq!(breaker.stats().total_cancelled, 1);
    breaker.try_acquire().expect("the permit is free again").success();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[circuit(name = "subscriber::both_panic", threshold = 1)]
async fn both_panic() -> io::Result<()> {
    std::panic::resume_unwind(Box::new("the body"))
}

#[tokio::test(start_paused = true)]
async fn panicking_subscriber_beside_panicking_body_does_not_abort() {
    record_and(|event| {
        if event.metadata().name() == "circuit_failure" {
            std::panic::resume_unwind(Box::new("a subscriber"));
        }
    });
    let panic = tokio::spawn(both_panic()).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"the body"), "the panic of the body propagates");
    assert_eq!(get_circuit("subscriber::both_panic").unwrap().state(), CircuitState::Open);
}
