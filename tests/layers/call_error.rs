//! Tests `CallError`, the error type of the method `call` of circuits, bulkheads, rate limits and timeouts.

use std::error::Error as StdError;
use std::future::{pending, ready};
use std::io;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, BulkheadFullError, CallError, CircuitBreaker, RateLimit, Rejection, RejectionKind, RetryPolicy, Timeout,
};

/// An error that implements no trait.
struct Opaque;

/// One layer of each kind whose method `call` returns a `CallError`.
struct Layers {
    breaker: CircuitBreaker,
    bulkhead: Bulkhead,
    limit: RateLimit,
    timeout: Timeout,
}

fn layers(name: &'static str) -> Layers {
    Layers {
        breaker: CircuitBreaker::builder(name).build().unwrap(),
        bulkhead: Bulkhead::builder(name, 1).build().unwrap(),
        limit: RateLimit::builder(name, 1).burst(1).build().unwrap(),
        timeout: Timeout::new(Duration::from_secs(1)).unwrap(),
    }
}

fn kind<T, E>(outcome: Result<T, CallError<E>>) -> Option<RejectionKind> {
    match outcome {
        Err(CallError::Rejected(rejection)) => Some(rejection.kind()),
        Ok(_) | Err(CallError::Failed(_)) => None,
    }
}

#[tokio::test(start_paused = true)]
async fn call_of_each_layer_returns_failure_or_rejection() {
    let Layers { breaker, bulkhead, limit, timeout } = layers("call_error");
    let fails = || ready(Err::<(), _>(Opaque));
    assert!(matches!(breaker.call(fails).await, Err(CallError::Failed(Opaque))));
    assert!(matches!(bulkhead.call(fails).await, Err(CallError::Failed(Opaque))));
    assert!(matches!(limit.call(fails).await, Err(CallError::Failed(Opaque))));
    assert!(matches!(timeout.call(fails).await, Err(CallError::Failed(Opaque))));

    breaker.force_open();
    assert_eq!(kind(breaker.call(fails).await), Some(RejectionKind::Circuit));
    let _slot = bulkhead.try_acquire().unwrap();
    assert_eq!(kind(bulkhead.call(fails).await), Some(RejectionKind::Bulkhead));
    assert_eq!(kind(limit.call(fails).await), Some(RejectionKind::RateLimit));
    assert_eq!(kind(timeout.call(pending::<Result<(), Opaque>>).await), Some(RejectionKind::Timeout));
}

async fn nested(layers: &Layers, outcome: Option<Result<u32, &'static str>>) -> Result<u32, CallError<&'static str>> {
    let ask = || async move {
        match outcome {
            Some(outcome) => outcome,
            None => pending().await,
        }
    };
    let Layers { breaker, bulkhead, timeout, .. } = layers;
    let answer = bulkhead.call(|| timeout.call(|| breaker.call(ask))).await;
    answer.map_err(|error| error.flatten().flatten())
}

#[tokio::test(start_paused = true)]
async fn flatten_keeps_rejection_of_every_level_and_failure() {
    let layers = layers("call_error::nested");
    assert_eq!(nested(&layers, Some(Ok(7))).await, Ok(7));
    assert_eq!(nested(&layers, Some(Err("down"))).await, Err(CallError::Failed("down")));
    assert_eq!(kind(nested(&layers, None).await), Some(RejectionKind::Timeout));
    layers.breaker.force_open();
    assert_eq!(kind(nested(&layers, Some(Ok(7))).await), Some(RejectionKind::Circuit));
    let _slot = layers.bulkhead.try_acquire().unwrap();
    assert_eq!(kind(nested(&layers, Some(Ok(7))).await), Some(RejectionKind::Bulkhead));
}

#[derive(Debug, thiserror::Error)]
enum Own {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("down")]
    Down,
}

fn full(layers: &Layers) -> BulkheadFullError {
    let _slot = layers.bulkhead.try_acquire();
    layers.bulkhead.try_acquire().unwrap_err()
}

#[test]
fn into_error_converts_rejection_to_type_of_failure() {
    let layers = layers("call_error::into_error");
    let error = full(&layers);
    let own: Own = CallError::from(error.clone()).into_error();
    assert!(matches!(own, Own::Rejected(Rejection::Bulkhead(_))));
    assert!(matches!(CallError::Failed(Own::Down).into_error(), Own::Down));
    let io: io::Error = CallError::from(error.clone()).into_error();
    assert_eq!(io.kind(), io::ErrorKind::ResourceBusy);
    let boxed: Box<dyn StdError> = CallError::from(error.clone()).into_error();
    let anyhow: anyhow::Error = CallError::from(Rejection::from(error.clone())).into_error();
    assert_eq!([boxed.to_string(), anyhow.to_string()], [error.to_string(), error.to_string()]);
}

#[test]
fn text_and_source_come_from_inner_error() {
    let layers = layers("call_error::shown");
    let rejection = Rejection::from(full(&layers));
    for error in [CallError::Rejected(rejection.clone()), CallError::Failed(Own::from(rejection.clone()))] {
        assert_eq!(error.to_string(), "bulkhead 'call_error::shown' is full");
        assert_eq!(error.source().unwrap().to_string(), "the call was not made");
        assert_eq!(Rejection::find(&error).as_ref(), Some(&rejection));
    }
    assert!(CallError::Failed(Own::Down).source().is_none());
}

#[tokio::test(start_paused = true)]
async fn rejection_inside_nested_calls_ends_policy() {
    let layers = layers("call_error::policy");
    layers.breaker.force_open();
    let policy = RetryPolicy::builder().max(9).build().unwrap();
    let mut calls = 0;
    let call = policy.call(|| {
        calls += 1;
        nested(&layers, Some(Ok(7)))
    });
    assert_eq!(kind(call.await), Some(RejectionKind::Circuit));
    assert_eq!(calls, 1);
}
