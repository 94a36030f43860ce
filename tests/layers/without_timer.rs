//! Tests calls without a tokio runtime, and calls in a runtime whose timer is not enabled. These calls panic only if an
//! attribute has to wait.

use std::future::{Future, pending, ready};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use resilience_runtime::{Bulkhead, RateLimit, bulkhead, circuit, hedge, rate_limit, retry, timeout};
use support::{Error, seconds};

#[retry(max = 2, delay = 1)]
async fn retried(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

#[retry(max = 2, delay = 0)]
async fn retried_without_pause() -> Result<(), Error> {
    Err(Error::Down)
}

#[timeout(1)]
async fn timed(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { pending().await }
}

#[hedge(after = 1)]
async fn hedged(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { pending().await }
}

#[bulkhead(with = bulkhead)]
async fn limited(bulkhead: &Bulkhead) -> Result<(), Error> {
    ready(Ok(())).await
}

#[circuit(name = "without_timer::others", threshold = 1, hung_after = 1)]
#[rate_limit(per_second = 1, burst = 3)]
async fn others(works: bool) -> Result<(), Error> {
    if works { pending().await } else { Err(Error::Down) }
}

/// Polls the call once, and returns its outcome. Returns `None` if the call is pending, and an error if the call
/// panics.
fn poll<F: Future>(call: F) -> Result<Option<F::Output>, String> {
    let mut call = pin!(call);
    let poll = || match call.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => Some(outcome),
        Poll::Pending => None,
    };
    catch_unwind(AssertUnwindSafe(poll))
        .map_err(|panic| panic.downcast_ref::<&str>().unwrap_or(&"panicked").to_string())
}

#[test]
fn call_that_waits_panics_without_timer() {
    let bulkhead = Bulkhead::builder("without_timer", 1).wait(seconds(1)).build().unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    let limit = RateLimit::builder("without_timer", 1).wait(seconds(1)).build().unwrap();
    assert_eq!(poll(limit.acquire()), Ok(Some(Ok(()))));
    assert!(poll(limit.acquire()).is_err(), "a rate");
    assert_eq!(limit.stats().waiting, 0);
    assert!(poll(retried(false)).is_err(), "a pause");
    assert!(poll(timed(false)).is_err(), "a timeout");
    assert!(poll(hedged(false)).is_err(), "a hedge");
    assert!(poll(limited(&bulkhead)).is_err(), "a queue");
}

#[test]
fn call_that_does_not_wait_needs_no_timer() {
    let waits = Bulkhead::builder("without_timer", 1).wait(seconds(1)).build().unwrap();
    let rejects = Bulkhead::builder("without_timer", 1).build().unwrap();
    let _slot = rejects.try_acquire().unwrap();
    assert_eq!(poll(retried(true)), Ok(Some(Ok(()))));
    assert_eq!(poll(retried_without_pause()), Ok(Some(Err(Error::Down))));
    assert_eq!(poll(timed(true)), Ok(Some(Ok(()))));
    assert_eq!(poll(hedged(true)), Ok(Some(Ok(()))));
    assert_eq!(poll(limited(&waits)), Ok(Some(Ok(()))));
    assert!(matches!(poll(limited(&rejects)), Ok(Some(Err(Error::Full(_))))), "the default `wait` is zero");
    assert_eq!(poll(others(true)), Ok(None), "a circuit and a rate limit need no timer");
    assert_eq!(poll(others(false)), Ok(Some(Err(Error::Down))));
    assert!(matches!(poll(others(false)), Ok(Some(Err(Error::Open(_))))));
}
