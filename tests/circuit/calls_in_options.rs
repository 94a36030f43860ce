//! Tests calls that the functions of options make, such as `retry_if`. These calls are not a part of the attempt. They
//! end no retry, and do not change the kind of the error that the layers above find.

use std::cell::{Cell, RefCell};
use std::future::{Future, ready};
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CircuitBreaker, Classifier, RateLimit, Rejection, RetryEvent, RetryPolicy, circuit, fallback,
    on_transition, retry,
};

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

#[circuit(with = circuit)]
fn through(circuit: &CircuitBreaker) -> Result<(), Hidden> {
    down()
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

type Kept = RefCell<Option<Hidden>>;

#[circuit(with = circuit, failure_if = |_| { *kept.borrow_mut() = through(open).err(); true })]
fn keeps(circuit: &CircuitBreaker, open: &CircuitBreaker, kept: &Kept) -> Result<(), Hidden> {
    down()
}

#[circuit(with = above)]
fn calls(above: &CircuitBreaker, circuit: &CircuitBreaker, open: &CircuitBreaker, kept: &Kept) -> Result<(), Hidden> {
    keeps(circuit, open, kept)
}

#[fallback(|_| panic!("no rejection"), on = "rejected")]
fn falls_back(circuit: &CircuitBreaker, open: &CircuitBreaker, kept: &Kept) -> Result<(), Hidden> {
    keeps(circuit, open, kept)
}

#[retry(delay = 0)]
#[circuit(with = circuit, failure_if = |_| { *kept.borrow_mut() = through(open).err(); true })]
async fn repeats(circuit: &CircuitBreaker, open: &CircuitBreaker, kept: &Kept) -> Result<(), Hidden> {
    down()
}

#[tokio::test]
async fn error_that_option_keeps_is_not_error_of_body() {
    let [above, circuit, open] = ["above", "circuit", "open"].map(|name| breaker(name, 99));
    open.force_open();
    let kept = Kept::default();
    assert!(calls(&above, &circuit, &open, &kept).is_err());
    assert_eq!((above.stats().total_failed, above.stats().total_ignored), (1, 0));
    kept.take();
    assert!(matches!(falls_back(&circuit, &open, &kept), Err(Hidden::Down)));
    kept.take();
    assert_eq!(attempts(|| ready(keeps(&circuit, &open, &kept))).await, 3);
    kept.take();
    circuit.reset();
    repeats(&circuit, &open, &kept).await.unwrap_err();
    assert_eq!(circuit.stats().failures, 3);
}

#[circuit(with = circuit, failure_if = |_| rate.try_acquire_many(9).is_err())]
fn limited(circuit: &CircuitBreaker, rate: &RateLimit, slots: &Bulkhead) -> Result<(), Hidden> {
    Err(Rejection::from(slots.try_acquire().unwrap_err()).into())
}

#[tokio::test]
async fn limit_in_option_does_not_change_kind_of_rejection() {
    let circuit = breaker("calls_in_options::kind", 99);
    let rate = RateLimit::builder("calls_in_options::kind", 1).burst(1).build().unwrap();
    let slots = Bulkhead::builder("calls_in_options::kind", 1).build().unwrap();
    let _slot = slots.try_acquire().unwrap();
    assert_eq!(attempts(|| ready(limited(&circuit, &rate, &slots))).await, 3);
}

#[retry(max = 2, delay = 0, on_retry = |_| assert!(through(open).is_err()))]
async fn on_retry(open: &CircuitBreaker) -> Result<(), Hidden> {
    down()
}

/// Returns the number of attempts that a retry with nine attempts makes around a retry with two attempts.
async fn attempts_around<F: Future<Output = Result<(), Hidden>>>(attempt: impl Fn() -> F) -> u32 {
    let (policy, made) = (RetryPolicy::builder().max(9).delay(Duration::ZERO).build().unwrap(), Cell::new(0));
    let counted = || {
        made.set(made.get() + 1);
        attempt()
    };
    policy.call(counted).await.unwrap_err();
    made.get()
}

#[tokio::test]
async fn circuit_in_on_retry_does_not_end_outer_retry() {
    let builder = || RetryPolicy::builder().max(2).delay(Duration::ZERO);
    let plain = builder().build().unwrap();
    let expected = attempts_around(|| plain.call(|| ready(down()))).await;
    let open = breaker("calls_in_options::on_retry", 99);
    open.force_open();
    assert_eq!(attempts_around(|| on_retry(&open)).await, expected);
    let policy =
        builder().on_retry(move |_: &RetryEvent<'_, Hidden>| assert!(through(&open).is_err())).build().unwrap();
    assert_eq!(attempts_around(|| policy.call(|| ready(down()))).await, expected);
}
