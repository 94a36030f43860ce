//! The ways in which a closed circuit records a failure.

use std::future::{Future, pending};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;

use futures_util::{FutureExt, StreamExt, stream};
use resilience_runtime::{CircuitBreaker, Classifier, circuit};
use support::seconds;
use tokio::time::advance;

use crate::open_circuits::Plain;

#[circuit(name = "ways_to_fail::selects", threshold = 99, failure_if_ok = |()| true)]
async fn selects_after(call: impl Future<Output = Result<(), Plain>>) -> Result<(), Plain> {
    let _ = call.await;
    Ok(())
}

#[circuit(name = "ways_to_fail::fails", threshold = 99)]
async fn fails_after(call: impl Future<Output = Result<(), Plain>>) -> Result<(), Plain> {
    let _ = call.await;
    Err(Plain)
}

/// The way in which a closed circuit records a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Way {
    Error,
    Value,
    Permit,
    OwnedPermit,
    Method,
    ClassifiedValue,
    StreamItem,
    Panic,
    PanicOfAttribute,
    PanicOfPlainFunction,
    PanicOfStream,
    Hang,
    HangOfAttribute,
    HangOfPermit,
    HangOfStream,
}

pub(crate) const WAYS: [Way; 15] = [
    Way::Error,
    Way::Value,
    Way::Permit,
    Way::OwnedPermit,
    Way::Method,
    Way::ClassifiedValue,
    Way::StreamItem,
    Way::Panic,
    Way::PanicOfAttribute,
    Way::PanicOfPlainFunction,
    Way::PanicOfStream,
    Way::Hang,
    Way::HangOfAttribute,
    Way::HangOfPermit,
    Way::HangOfStream,
];

#[circuit(with = closed)]
async fn panics_after(closed: &CircuitBreaker, call: impl Future<Output = Result<(), Plain>>) -> Result<(), Plain> {
    let _ = call.await;
    panic!("down")
}

#[circuit(with = closed)]
async fn hangs_after(closed: &CircuitBreaker, call: impl Future<Output = Result<(), Plain>>) -> Result<(), Plain> {
    let _ = call.await;
    pending().await
}

/// Polls `call` once, moves the paused clock by one second, and drops `call`.
fn drop_after_a_second(call: impl Future) {
    let mut call = pin!(call);
    assert!(call.as_mut().now_or_never().is_none());
    // The first poll of `advance` already moves the clock.
    let _moved = advance(seconds(1)).now_or_never();
}

/// Awaits `call` inside a call through a closed circuit. The closed circuit then records a failure, in the way that
/// `way` specifies.
pub(crate) async fn fails_by(way: Way, call: impl Future<Output = Result<(), Plain>>) {
    let closed = CircuitBreaker::builder("ways_to_fail::closed").threshold(99).hung_after(seconds(1)).build().unwrap();
    let every_value = Classifier::builder().failure_if_ok(|()| true).build().unwrap();
    match way {
        Way::Error => drop(fails_after(call).await.unwrap_err()),
        Way::Value => selects_after(call).await.unwrap(),
        Way::Permit => {
            let permit = closed.try_acquire().unwrap();
            let _ = call.await;
            permit.failure();
        }
        Way::OwnedPermit => {
            let permit = closed.try_acquire_owned().unwrap();
            let _ = call.await;
            permit.failure_with(&"down");
        }
        Way::Method => {
            let failed = closed.call(|| async { call.await.and(Err::<(), _>(Plain)) }).await;
            drop(failed.unwrap_err());
        }
        Way::ClassifiedValue => {
            let selected = closed.call_with(&every_value, || async { call.await.or(Ok::<_, Plain>(())) }).await;
            selected.unwrap();
        }
        Way::StreamItem => {
            let item = stream::once(async { call.await.or(Ok::<_, Plain>(())) });
            let mut items = pin!(closed.watch_with(&every_value, || item).unwrap());
            items.next().await.unwrap().unwrap();
        }
        Way::Panic => {
            let body = async || -> Result<(), Plain> {
                let _ = call.await;
                panic!("down")
            };
            let call = AssertUnwindSafe(closed.call(body)).catch_unwind();
            drop(call.await.unwrap_err());
        }
        Way::PanicOfAttribute => {
            let call = AssertUnwindSafe(panics_after(&closed, call)).catch_unwind();
            drop(call.await.unwrap_err());
        }
        Way::PanicOfPlainFunction => {
            let body = || -> Result<(), Plain> {
                let _ = call.now_or_never();
                panic!("down")
            };
            drop(catch_unwind(AssertUnwindSafe(|| closed.call_blocking(body))).unwrap_err());
        }
        Way::PanicOfStream => {
            let item = stream::once(async {
                let _ = call.await;
                panic!("down")
            });
            let mut items = pin!(closed.watch::<_, (), Plain>(|| item).unwrap());
            let item = AssertUnwindSafe(items.next()).catch_unwind();
            drop(item.await.unwrap_err());
        }
        Way::Hang => drop_after_a_second(closed.call(async || {
            let _ = call.await;
            pending::<Result<(), Plain>>().await
        })),
        Way::HangOfAttribute => drop_after_a_second(hangs_after(&closed, call)),
        Way::HangOfPermit => {
            let permit = closed.try_acquire().unwrap();
            let _ = call.await;
            drop_after_a_second(pending::<()>());
            drop(permit);
        }
        Way::HangOfStream => {
            let item = stream::once(async {
                let _ = call.await;
                pending::<Result<(), Plain>>().await
            });
            let mut items = Box::pin(closed.watch(|| item).unwrap());
            drop_after_a_second(items.next());
            drop(items);
        }
    }
    assert_eq!(closed.stats().failures, u64::from(!matches!(way, Way::Error | Way::Value)), "{way:?}");
}
