//! Tests calls that the functions of options make, such as `retry_if`. These calls are not a part of the attempt. They
//! end no retry, and do not change the kind of the error that the layers above find.

use std::cell::Cell;
use std::future::{Future, ready};
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, Classifier, Rejection, RetryPolicy, circuit, on_transition, retry};

/// An error that can contain a rejection, but returns no source.
#[derive(Debug)]
enum Hidden {
    Rejected { _by: Rejection },
    Down,
}

impl From<Rejection> for Hidden {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected { _by: rejection }
    }
}

fn breaker(name: &'static str, threshold: u32) -> CircuitBreaker {
    CircuitBreaker::builder(name).threshold(threshold).build().unwrap()
}

fn down() -> Result<(), Hidden> {
    Err(Hidden::Down)
}

/// Returns the number of attempts that a retry with three attempts makes.
async fn attempts<F: Future<Output = Result<(), Hidden>>>(mut attempt: impl FnMut() -> F) -> u32 {
    let (policy, made) = (RetryPolicy::builder().delay(Duration::ZERO).build().unwrap(), Cell::new(0));
    let counted = || {
        made.set(made.get() + 1);
        attempt()
    };
    let _ = policy.call(counted).await;
    made.get()
}

/// Makes three attempts, which all fail.
#[retry(delay = 0)]
fn flag() -> Result<bool, Hidden> {
    Err(Hidden::Down)
}

#[retry(delay = 0, retry_if = |_| flag().is_ok())]
async fn retry_if() -> Result<(), Hidden> {
    down()
}

#[circuit(with = circuit, failure_if = |_| flag().is_err())]
fn failure_if(circuit: &CircuitBreaker) -> Result<(), Hidden> {
    down()
}

#[tokio::test]
async fn retries_of_call_in_option_do_not_count() {
    assert_eq!(attempts(retry_if).await, 3);
    let circuit = breaker("calls_in_options::retries", 99);
    assert_eq!(attempts(|| ready(failure_if(&circuit))).await, 3);

    let classifier = Classifier::builder().failure_if(|_: &Hidden| flag().is_err()).build().unwrap();
    let classified = || async { circuit.call_with(&classifier, || ready(down())).await.map_err(|_| Hidden::Down) };
    assert_eq!(attempts(classified).await, 3);

    let _guard = on_transition(|event| {
        if event.circuit() == Some("calls_in_options::retries") {
            assert!(flag().is_err());
        }
    });
    let changes = || {
        circuit.reset();
        ready(down())
    };
    assert_eq!(attempts(changes).await, 3);
}
