//! Once a breaker is there, no call through it allocates, whatever it comes to.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use allocation_counter::measure;
use resilience_runtime::{
    CallError, CircuitBreaker, CircuitOpenError, RetryPolicy, bulkhead, circuit, fallback, get_circuit, hedge,
    rate_limit, retry, timeout,
};

#[derive(Debug, PartialEq)]
enum Error {
    Open(CircuitOpenError),
    Down,
    Turned,
}

impl From<CircuitOpenError> for Error {
    fn from(open: CircuitOpenError) -> Self {
        Self::Open(open)
    }
}

/// The outcome of a future that is ready at once.
fn ready<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("not ready at once"),
    }
}

fn assert_none(what: &str, call: impl FnOnce()) {
    let allocations = measure(call).count_total;
    assert_eq!(allocations, 0, "{what}");
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "allocations", threshold = 4)]
async fn decorated(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

fn instead(_: bool) -> std::future::Ready<Result<(), Error>> {
    std::future::ready(Err(Error::Turned))
}

#[fallback(instead)]
#[timeout(5, error = |_| Error::Turned)]
#[rate_limit(per_second = 1, burst = 2, error = |_| Error::Turned)]
#[bulkhead(max = 1, wait = 1, error = |_| Error::Turned)]
#[hedge(after = 1)]
async fn layered(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

#[test]
fn no_layer_allocates() {
    ready(layered(true)).unwrap();
    assert_none("a success", || ready(layered(true)).unwrap());
    assert_none("a rejection", || assert_eq!(ready(layered(true)), Err(Error::Turned)));
}

#[test]
fn no_call_of_a_decorated_function_allocates() {
    ready(decorated(true)).unwrap();
    assert_none("a success", || ready(decorated(true)).unwrap());
    assert_none("two failures", || assert_eq!(ready(decorated(false)), Err(Error::Down)));
    assert_none("two failures, the second of which opens", || assert_eq!(ready(decorated(false)), Err(Error::Down)));
    assert_none("a rejection", || assert!(matches!(ready(decorated(true)), Err(Error::Open(_)))));
    let breaker = get_circuit("allocations").unwrap();
    assert_none("a reset", || breaker.reset());
}

#[test]
fn no_call_without_an_attribute_allocates() {
    // A name that is made at run time is shared, and not copied either.
    let breaker = CircuitBreaker::builder(String::from("made at run time"))
        .threshold(2)
        .cooldown(Duration::ZERO)
        .build()
        .unwrap();
    let policy = RetryPolicy::builder().max(2).delay(Duration::ZERO).build().unwrap();
    let call = |outcome: Result<(), ()>| ready(policy.call(|| breaker.call(|| async move { outcome })));
    assert_none("a success", || call(Ok(())).unwrap());
    assert_none("two failures, the second of which opens", || {
        assert_eq!(call(Err(())), Err(CallError::Failed(())));
    });
    assert_none("a trial, and a rejection beside it", || {
        let trial = breaker.try_acquire_owned().unwrap();
        let rejection = breaker.try_acquire().unwrap_err();
        assert_eq!(rejection.clone().name(), breaker.name());
        drop(trial);
    });
    assert_none("a trial that closes", || breaker.try_acquire().unwrap().success());
}
