//! Tests fallbacks of functions that are not `async`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use resilience_runtime::{CircuitBreaker, CircuitState, circuit, fallback, get_stats};
use support::{Error, paused_runtime, seconds};

fn instead(_: &CircuitBreaker, text: &str) -> Result<usize, Error> {
    match text {
        "panics" => panic!("a bug"),
        "rejected" => rejects(),
        text => Ok(text.len()),
    }
}

#[circuit(name = "fallback::rejects")]
fn rejects() -> Result<usize, Error> {
    Ok(0)
}

#[circuit(with = breaker)]
#[fallback(instead, name = "fallback::counted")]
fn fails(breaker: &CircuitBreaker, text: &str) -> Result<usize, Error> {
    assert!(!text.is_empty());
    Err(Error::Down)
}

#[test]
fn fallback_of_plain_function_is_part_of_call() {
    let breaker = CircuitBreaker::builder("fallback").threshold(1).build().unwrap();
    assert_eq!(fails(&breaker, "abc"), Ok(3));
    assert_eq!(breaker.stats().total_succeeded, 1);

    resilience_runtime::get_circuit("fallback::rejects").unwrap().force_open();
    assert!(matches!(fails(&breaker, "rejected"), Err(Error::Open(_))));
    assert_eq!((breaker.stats().total_ignored, breaker.state()), (1, CircuitState::Closed));

    assert!(catch_unwind(AssertUnwindSafe(|| fails(&breaker, "panics"))).is_err());
    assert_eq!((breaker.stats().total_failed, breaker.state()), (1, CircuitState::Open));
    let stats = &get_stats().fallbacks["fallback::counted"];
    assert_eq!((stats.total_fell_back, stats.total_failed), (2, 1), "a panic is not counted");
}

/// An error without a `source`. The library therefore finds no rejection inside this error.
#[derive(Debug)]
struct Opaque(#[expect(dead_code, reason = "the error of the rejection exists as long as this error")] Error);

fn hides(_: &CircuitBreaker) -> Result<(), Opaque> {
    rejects().map(|_| ()).map_err(Opaque)
}

#[circuit(with = breaker, error = |open| Opaque(Error::Open(open)))]
#[fallback(hides)]
fn down(breaker: &CircuitBreaker) -> Result<(), Opaque> {
    assert_eq!(breaker.name(), "fallback::hidden");
    Err(Opaque(Error::Down))
}

#[test]
fn circuit_ignores_hidden_rejection_of_plain_fallback() {
    resilience_runtime::get_circuit("fallback::rejects").unwrap().force_open();
    let breaker = CircuitBreaker::builder("fallback::hidden").threshold(1).build().unwrap();
    assert!(down(&breaker).is_err());
    assert_eq!((breaker.stats().total_ignored, breaker.state()), (1, CircuitState::Closed));
    assert!(down_with_closure(&breaker).is_err());
    assert_eq!((breaker.stats().total_ignored, breaker.state()), (2, CircuitState::Closed));
}

#[circuit(with = breaker, error = |open| Opaque(Error::Open(open)))]
#[fallback(|_| hides(breaker))]
fn down_with_closure(breaker: &CircuitBreaker) -> Result<(), Opaque> {
    assert_eq!(breaker.name(), "fallback::hidden");
    Err(Opaque(Error::Down))
}

fn calls_again(breaker: &CircuitBreaker) -> Result<u32, Error> {
    breaker.call_blocking(|| Ok(7)).map_err(resilience_runtime::CallError::into_error)
}

#[circuit(with = breaker)]
#[fallback(calls_again)]
fn trial(breaker: &CircuitBreaker) -> Result<u32, Error> {
    breaker.call_blocking(|| Err(Error::Down)).map_err(resilience_runtime::CallError::into_error)
}

#[test]
fn plain_fallback_of_trial_belongs_to_trial() {
    paused_runtime().block_on(async {
        let breaker = CircuitBreaker::builder("fallback::trial").threshold(1).build().unwrap();
        breaker.trip();
        tokio::time::advance(seconds(30)).await;
        assert_eq!(trial(&breaker), Ok(7), "the circuit admits the call of the fallback");
    });
}

#[fallback(value = 9, on = "rejected")]
fn not_rejected() -> Result<u32, Error> {
    Err(Error::Down)
}

#[fallback(value = 9, on = "rejected")]
fn rejected() -> Result<u32, Error> {
    resilience_runtime::get_circuit("fallback::rejects").unwrap().force_open();
    rejects().map(|_| 0)
}

#[test]
fn fallback_of_plain_function_sees_rejection_of_called_function() {
    assert_eq!(not_rejected(), Err(Error::Down));
    assert_eq!(rejected(), Ok(9));
}
