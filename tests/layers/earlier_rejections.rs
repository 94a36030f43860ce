//! Tests functions with `#[circuit]` whose body makes a rejected call, and then fails for another reason. The circuit
//! must not take the later error for a rejection.

use std::cell::RefCell;
use std::future::{pending, ready};
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CallError, CircuitBreaker, RateLimit, Rejection, Timeout, bulkhead, circuit, deadline, fallback,
    get_circuit, rate_limit, retry, timeout,
};
use support::Error;
use tokio::time::sleep;

use crate::rejections::{Hidden, Plain, SOON, rejected_in_other_task, stats};

#[circuit(name = "earlier_rejections::hidden_own_timeout", threshold = 9)]
#[timeout(5)]
async fn hidden_own_timeout(rejected: bool) -> Result<(), Hidden> {
    if rejected {
        Ok(hidden_limit().await?)
    } else {
        let _ = hidden_limit().await;
        pending().await
    }
}

#[rate_limit(per_second = 1)]
async fn hidden_limit() -> Result<(), Hidden> {
    Ok(())
}

#[circuit(name = "earlier_rejections::hidden_handled", threshold = 9)]
async fn hidden_handled() -> Result<(), Hidden> {
    let _ = hidden_limit().await;
    Err(Error::Down.into())
}

#[tokio::test(start_paused = true)]
async fn rejection_of_earlier_call_is_not_that_of_a_hidden_error() {
    hidden_limit().await.unwrap();
    hidden_own_timeout(true).await.unwrap_err();
    assert_eq!(stats("earlier_rejections::hidden_own_timeout"), (0, 1));
    hidden_own_timeout(false).await.unwrap_err();
    assert_eq!(
        stats("earlier_rejections::hidden_own_timeout"),
        (1, 1),
        "the timeout ended the call, not the rejection before"
    );
    hidden_limit().await.unwrap();
    hidden_handled().await.unwrap_err();
    assert_eq!(stats("earlier_rejections::hidden_handled"), (1, 0), "the body handled the rejection");
}

#[circuit(name = "earlier_rejections::handles", threshold = 9)]
async fn handles() -> Result<(), Error> {
    if called_limit_of_handles().await.is_err() {
        return Err(Error::Down);
    }
    Ok(())
}

#[rate_limit(per_second = 1)]
async fn called_limit_of_handles() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn handled_rejection_before_another_error_is_no_rejection() {
    handles().await.unwrap();
    handles().await.unwrap_err();
    assert_eq!(stats("earlier_rejections::handles"), (1, 0));
}

#[circuit(name = "earlier_rejections::called_in_pause", threshold = 9)]
#[timeout(2)]
#[retry(max = 3, delay = 0.6)]
async fn rejected_before_pause(bulkhead: &Bulkhead) -> Result<(), Error> {
    sleep(Duration::from_millis(300)).await;
    bulkhead.call(|| ready(Ok(()))).await.map_err(CallError::into_error)
}

#[circuit(name = "earlier_rejections::pause", threshold = 9)]
#[timeout(4)]
#[retry(max = 2, delay = 3.9)]
async fn ends_in_pause() -> Result<(), Error> {
    sleep(Duration::from_secs(1)).await;
    Err(Error::Down)
}

#[circuit(name = "earlier_rejections::queue", threshold = 9, failure_if_ok = |()| false)]
#[timeout(4)]
#[bulkhead(with = bulkhead)]
async fn ends_in_queue(bulkhead: &Bulkhead) -> Result<(), Error> {
    Ok(())
}

#[fallback(instead_in_pause, on = "rejected")]
#[timeout(4)]
#[retry(max = 2, delay = 3.9)]
async fn has_fallback_and_ends_in_pause() -> Result<(), Error> {
    sleep(Duration::from_secs(1)).await;
    Err(Error::Down)
}

async fn instead_in_pause() -> Result<(), Error> {
    ready(Ok(())).await
}

#[tokio::test(start_paused = true)]
async fn timeout_in_pause_or_queue_ignores_rejections_of_other_polls() {
    let full = Bulkhead::builder("earlier_rejections::full", 1).build().unwrap();
    let queue = Bulkhead::builder("earlier_rejections::queue", 1).wait(Duration::from_secs(9)).build().unwrap();
    let _slots = (full.try_acquire().unwrap(), queue.try_acquire().unwrap());
    let is_late = |outcome| assert!(matches!(outcome, Err(Error::Timeout(_))), "{outcome:?}");
    is_late(rejected_before_pause(&full).await);
    let reject = async {
        sleep(Duration::from_secs(2)).await;
        rejected_in_other_task(&full).await.unwrap_err();
    };
    let calls =
        async { tokio::join!(ends_in_pause(), ends_in_queue(&queue), has_fallback_and_ends_in_pause(), reject) };
    let (in_pause, in_queue, with_fallback, ()) = calls.await;
    is_late(in_pause);
    is_late(in_queue);
    is_late(with_fallback);
    for name in ["earlier_rejections::called_in_pause", "earlier_rejections::pause", "earlier_rejections::queue"] {
        assert_eq!(stats(name), (1, 0), "{name}");
    }
}

/// A place in which a body stores a rejection.
type Last = RefCell<Option<Rejection>>;

async fn instead_of_failed(_: &Last, _: &dyn Fn() -> Rejection) -> Result<(), Plain<&'static str>> {
    ready(Ok(())).await
}

/// Stores a rejection in `last`, and then fails for another reason.
#[fallback(instead_of_failed, on = "rejected")]
#[circuit(name = "earlier_rejections::replaced", threshold = 99, error = |_| Plain("open"))]
async fn replaces(last: &Last, reject: &dyn Fn() -> Rejection) -> Result<(), Plain<&'static str>> {
    last.replace(Some(reject()));
    Err(Plain("the service failed"))
}

#[tokio::test(start_paused = true)]
async fn stored_rejection_in_place_of_another_is_no_rejection() {
    let bulkhead = Bulkhead::builder("earlier_rejections::full", 1).build().unwrap();
    let limit = RateLimit::builder("earlier_rejections::limited", 1).build().unwrap();
    let open = CircuitBreaker::builder("earlier_rejections::open").build().unwrap();
    let timeout = Timeout::new(Duration::from_secs(5)).unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    limit.try_acquire().unwrap();
    open.force_open();
    let reject = |kind| match kind {
        0 => bulkhead.try_acquire().map(drop).map_err(Rejection::from).unwrap_err(),
        1 => limit.try_acquire().map_err(Rejection::from).unwrap_err(),
        _ => open.try_acquire().map(drop).map_err(Rejection::from).unwrap_err(),
    };
    let breaker = CircuitBreaker::builder("earlier_rejections::replaced_in_call").threshold(99).build().unwrap();
    let last = RefCell::new(Some(reject(0)));
    let mut calls = 0;
    for kind in [2, 1, 2, 0, 3, 1, 3, 2, 3, 0] {
        calls += 1;
        let called = async || {
            let ended = deadline(SOON, timeout.call(pending::<Result<(), ()>>));
            let created = match kind {
                3 => match ended.await.unwrap_err() {
                    CallError::Rejected(rejection) => rejection,
                    CallError::Failed(()) => unreachable!("the call never ends by itself"),
                },
                kind => reject(kind),
            };
            last.replace(Some(created));
            Err::<(), _>(Plain("the service failed"))
        };
        breaker.call(called).await.unwrap_err();
        last.replace(Some(reject((kind + 1) % 3)));
        replaces(&last, &|| reject(kind % 3)).await.unwrap_err();
        for stats in [breaker.stats(), get_circuit("earlier_rejections::replaced").unwrap().stats()] {
            assert_eq!((stats.total_failed, stats.total_ignored), (calls, 0), "{kind}: {}", stats.name);
        }
    }
}
