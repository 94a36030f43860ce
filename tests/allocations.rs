//! Once a breaker is there, no call through it allocates, whatever it comes to; and how much memory a breaker takes.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread::available_parallelism;
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
    let breaker = CircuitBreaker::builder(String::from("made when the program runs"))
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

/// The bytes that are in use afterwards and were not before.
fn kept(make: impl FnOnce()) -> u64 {
    measure(make).bytes_current.try_into().unwrap()
}

#[circuit(name = "keyed", key = n, max_keys = 1000000)]
async fn keyed(n: u64) -> Result<(), Error> {
    Ok(())
}

#[circuit(name = "full", key = n, max_keys = 10000)]
async fn full(n: u64) -> Result<(), Error> {
    Ok(())
}

#[circuit(name = "of_text", key = text, max_keys = 1000000)]
async fn of_text(text: &str) -> Result<(), Error> {
    Ok(())
}

#[circuit(name = "of_longer", key = text, max_keys = 1000000)]
async fn of_longer(text: &str) -> Result<(), Error> {
    Ok(())
}

#[test]
fn a_key_takes_at_most_256_bytes_beside_a_long_name() {
    let bytes = |keys, call: &dyn Fn(u64)| kept(|| (0..keys).for_each(call)) / keys;
    // So many that the tables have just grown, and the place of two keys in there is that of one.
    let each = bytes(60_000, &|n| ready(keyed(n)).unwrap());
    assert!(each <= 256, "{each}");
    let each = bytes(10_000, &|n| ready(full(n)).unwrap());
    assert!(each <= 256, "{each}, where some are old and some are young");
    // Names of 22 and of 43 bytes; the longer ones are kept elsewhere.
    let each = bytes(60_000, &|n| ready(of_text(&format!("{n:013}"))).unwrap());
    assert!(each <= 256, "{each}");
    let each = bytes(60_000, &|n| ready(of_longer(&format!("{n:032}"))).unwrap());
    assert!(each <= 256 + 43, "{each}");
}

#[test]
fn a_breaker_takes_few_bytes_beside_its_share_of_the_stripes() {
    let mut breakers = Vec::with_capacity(1000);
    let all = kept(|| {
        breakers.extend((0..1000).map(|_| CircuitBreaker::builder("many").threshold(7).build().unwrap()));
    });
    let stripes = (2 * available_parallelism().unwrap().get() as u64).next_power_of_two().min(16);
    // A block of lines serves four breakers.
    let each = all / 1000 - (128 + 128 * stripes) / 4;
    assert!(each <= 216, "{each}");
}
