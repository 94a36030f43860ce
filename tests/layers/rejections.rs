//! Tests functions with `#[circuit]` whose body returns a rejection, such as the error of a full bulkhead. The circuit
//! must ignore a rejection and an expired deadline of the caller, because neither tells whether the service works.

use std::cell::Cell;
use std::error::Error as StdError;
use std::future::{Future, pending, ready};
use std::io;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use resilience_runtime::{
    Bulkhead, CallError, CircuitBreaker, RateLimit, Timeout, bulkhead, circuit, deadline, fallback, get_circuit, hedge,
    rate_limit, retry, timeout,
};
use support::Error;

pub(crate) fn stats(name: &str) -> (u64, u64) {
    let stats = get_circuit(name).expect("declared by an attribute").stats();
    (stats.total_failed, stats.total_ignored)
}

pub(crate) const SOON: Duration = Duration::from_millis(10);

// Defines functions with the error type `$error`. Each of the functions `full`, `limited`, `slow` and `open` has one
// attribute. The function `outer` has a circuit, and its body calls one of these four functions. The function `all`
// makes each attribute reject or end a call, and checks how the circuit of `outer` counts the error.

macro_rules! inner {
    ($module:ident, $name:literal, $inner:literal: $error:ty) => {
        mod $module {
            use super::*;

            #[bulkhead(max = 1)]
            async fn full(hold: bool) -> Result<(), $error> {
                if hold { pending().await } else { Ok(()) }
            }

            #[rate_limit(per_second = 1)]
            async fn limited() -> Result<(), $error> {
                Ok(())
            }

            #[timeout(5)]
            async fn slow() -> Result<(), $error> {
                pending().await
            }

            #[circuit(name = $inner, threshold = 1)]
            async fn open() -> Result<(), $error> {
                Ok(())
            }

            #[circuit(name = $name, threshold = 1)]
            async fn outer(kind: u32) -> Result<(), $error> {
                match kind {
                    0 => full(false).await?,
                    1 => limited().await?,
                    2 => slow().await?,
                    _ => open().await?,
                }
                Ok(())
            }

            pub(super) async fn all() {
                let breaker = get_circuit($name).unwrap();
                let mut held = Box::pin(full(true));
                assert!(futures_poll(&mut held).is_none());
                outer(0).await.unwrap_err();
                assert_eq!(breaker.stats().total_ignored, 1, "bulkhead");
                drop(held);
                outer(1).await.unwrap();
                outer(1).await.unwrap_err();
                assert_eq!(breaker.stats().total_ignored, 2, "rate limit");
                deadline(SOON, outer(2)).await.unwrap_err();
                assert_eq!(breaker.stats().total_ignored, 3, "deadline");
                deadline(Duration::ZERO, outer(2)).await.unwrap_err();
                assert_eq!(breaker.stats().total_ignored, 4, "deadline over");
                get_circuit($inner).unwrap().trip();
                outer(3).await.unwrap_err();
                assert_eq!(breaker.stats().total_ignored, 5, "circuit");
                assert_eq!(breaker.stats().total_failed, 0);
                outer(2).await.unwrap_err();
                assert_eq!(breaker.stats().total_failed, 1, "its own timeout is a failure");
            }
        }
    };
}

pub(crate) fn futures_poll<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    use std::task::{Context, Poll, Waker};
    match std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

#[derive(Debug, thiserror::Error)]
#[error("search failed")]
struct Wrapped(#[source] Error);

impl<E: Into<Error>> From<E> for Wrapped {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

inner!(transparent, "rejections::transparent", "rejections::transparent_inner": Error);
inner!(wrapped, "rejections::wrapped", "rejections::wrapped_inner": Wrapped);
inner!(an_io_error, "rejections::an_io_error", "rejections::an_io_error_inner": io::Error);
inner!(boxed, "rejections::boxed", "rejections::boxed_inner": Box<dyn StdError>);
inner!(boxed_send, "rejections::boxed_send", "rejections::boxed_send_inner": Box<dyn StdError + Send + Sync>);
/// An error that does not implement `std::error::Error`. A circuit therefore cannot search this error for a rejection.
#[derive(Debug)]
pub(crate) struct Hidden(pub(crate) Error);

impl<E: Into<Error>> From<E> for Hidden {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// An error that implements `std::error::Error`, but has no `source`. A circuit therefore does not find the rejection
/// inside this error.
#[derive(Debug, thiserror::Error)]
#[error("no answer: {0}")]
struct Unsourced(Error);

impl<E: Into<Error>> From<E> for Unsourced {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

inner!(unsourced, "rejections::unsourced", "rejections::unsourced_inner": Unsourced);
inner!(hidden, "rejections::hidden", "rejections::hidden_inner": Hidden);
inner!(an_anyhow, "rejections::an_anyhow", "rejections::an_anyhow_inner": anyhow::Error);

#[tokio::test(start_paused = true)]
async fn circuit_ignores_rejections_in_called_functions() {
    transparent::all().await;
    wrapped::all().await;
    an_io_error::all().await;
    boxed::all().await;
    boxed_send::all().await;
    an_anyhow::all().await;
    hidden::all().await;
    unsourced::all().await;
}

#[circuit(name = "rejections::hidden_generic", threshold = 9, failure_if_ok = |()| false)]
async fn hidden_generic<E>(error: impl Future<Output = E>) -> Result<(), E>
where
    E: From<resilience_runtime::CircuitOpenError>,
{
    Err(error.await)
}

#[rate_limit(per_second = 1)]
async fn hidden_limit_of_generic() -> Result<(), Hidden> {
    Ok(())
}

#[tokio::test]
async fn circuit_ignores_rejection_in_error_of_unknown_type() {
    hidden_limit_of_generic().await.unwrap();
    hidden_generic(async { hidden_limit_of_generic().await.unwrap_err() }).await.unwrap_err();
    assert_eq!(stats("rejections::hidden_generic"), (0, 1));
    hidden_generic(async { Hidden(Error::Down) }).await.unwrap_err();
    assert_eq!(stats("rejections::hidden_generic"), (1, 1));
}

#[circuit(name = "rejections::asked", threshold = 9, failure_if = |error| matches!(error, Error::Full(_)))]
async fn asked(called: bool) -> Result<(), Error> {
    if called { called_bulkhead(false).await } else { Err(Error::Down) }
}

#[bulkhead(max = 1)]
async fn called_bulkhead(hold: bool) -> Result<(), Error> {
    if hold { pending().await } else { Ok(()) }
}

#[circuit(name = "rejections::not_asked", threshold = 9, failure_if = |_| true)]
#[bulkhead(max = 1)]
async fn not_asked(hold: bool) -> Result<(), Error> {
    if hold { pending().await } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn failure_if_decides_about_called_functions_only() {
    let mut held = (Box::pin(called_bulkhead(true)), Box::pin(not_asked(true)));
    assert!(futures_poll(&mut held.0).is_none() && futures_poll(&mut held.1).is_none());
    asked(true).await.unwrap_err();
    assert_eq!(stats("rejections::asked"), (1, 0));
    asked(false).await.unwrap_err();
    assert_eq!(stats("rejections::asked"), (1, 1));
    not_asked(false).await.unwrap_err();
    assert_eq!(stats("rejections::not_asked"), (0, 1));
}

#[circuit(name = "rejections::of_closure", threshold = 9, failure_if = |_| true)]
#[fallback(|error| Err(error))]
#[bulkhead(with = slots)]
async fn returned_by_closure(slots: &Bulkhead) -> Result<(), Error> {
    Ok(())
}

async fn returns_error(_slots: &Bulkhead, error: Error) -> Result<(), Error> {
    ready(Err(error)).await
}

#[circuit(name = "rejections::of_function", threshold = 9, failure_if = |_| true)]
#[fallback(returns_error, with_error = true, on = "rejected")]
#[bulkhead(with = slots)]
async fn returned_by_function(slots: &Bulkhead) -> Result<(), Error> {
    Ok(())
}

#[circuit(name = "rejections::of_fallback", threshold = 9)]
#[fallback(|error| Err(error))]
#[bulkhead(with = slots)]
async fn returned_to_circuit_without_option(slots: &Bulkhead) -> Result<(), Error> {
    Ok(())
}

#[tokio::test]
async fn failure_if_decides_about_rejection_that_fallback_returns() {
    let slots = Bulkhead::builder("rejections::of_closure", 1).build().unwrap();
    let _slot = slots.try_acquire().unwrap();
    returned_by_closure(&slots).await.unwrap_err();
    assert_eq!(stats("rejections::of_closure"), (1, 0));
    returned_by_function(&slots).await.unwrap_err();
    assert_eq!(stats("rejections::of_function"), (1, 0));
    returned_to_circuit_without_option(&slots).await.unwrap_err();
    assert_eq!(stats("rejections::of_fallback"), (0, 1), "without `failure_if`, the circuit ignores a rejection");
}

#[circuit(name = "rejections::with_hint", threshold = 9, retry_after = |_| None, failure_if_ok = |()| false)]
async fn with_hint() -> Result<(), Error> {
    called_limit().await
}

#[rate_limit(per_second = 1)]
async fn called_limit() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn circuit_with_other_rules_ignores_rejection() {
    with_hint().await.unwrap();
    with_hint().await.unwrap_err();
    assert_eq!(stats("rejections::with_hint"), (0, 1));
}

#[circuit(name = "rejections::above_hedge", threshold = 1)]
#[hedge(after = 1)]
async fn above_hedge() -> Result<(), Error> {
    never_open().await
}

#[circuit(name = "rejections::above_retry", threshold = 1)]
#[retry(max = 2, delay = 0)]
async fn above_retry() -> Result<(), Error> {
    never_open().await
}

#[circuit(name = "rejections::never_open", threshold = 1)]
async fn never_open() -> Result<(), Error> {
    Ok(())
}

#[circuit(name = "rejections::upper", threshold = 1)]
#[circuit(name = "rejections::lower", threshold = 1, error = |_| Error::Other)]
async fn two_circuits() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn circuit_ignores_rejection_by_circuit_below() {
    get_circuit("rejections::never_open").unwrap().force_open();
    above_hedge().await.unwrap_err();
    above_retry().await.unwrap_err();
    get_circuit("rejections::lower").unwrap().force_open();
    assert_eq!(two_circuits().await, Err(Error::Other));
    for name in ["rejections::above_hedge", "rejections::above_retry", "rejections::upper"] {
        assert_eq!(stats(name), (0, 1), "{name}");
    }
}

#[async_trait]
trait Search {
    async fn search(&self) -> Result<(), Error>;
}

struct Exa;

#[async_trait]
impl Search for Exa {
    #[circuit(name = "rejections::async_trait", threshold = 1)]
    async fn search(&self) -> Result<(), Error> {
        never_open().await
    }
}

#[circuit(name = "rejections::keyed", key = host, threshold = 1)]
async fn keyed(host: &str) -> Result<(), Error> {
    never_open().await
}

#[circuit(with = breaker)]
async fn held(breaker: &CircuitBreaker) -> Result<(), Error> {
    never_open().await
}

#[expect(clippy::manual_async_fn, reason = "a circuit on a function that returns its future")]
#[circuit(name = "rejections::future", threshold = 1)]
fn returns_future() -> impl Future<Output = Result<(), Error>> {
    async { never_open().await }
}

#[tokio::test(start_paused = true)]
async fn every_form_of_circuit_ignores_rejection_below() {
    get_circuit("rejections::never_open").unwrap().force_open();
    Exa.search().await.unwrap_err();
    assert_eq!(stats("rejections::async_trait"), (0, 1));
    keyed("a").await.unwrap_err();
    assert_eq!(stats("rejections::keyed[a]"), (0, 1));
    let breaker = CircuitBreaker::builder("rejections::held").threshold(1).build().unwrap();
    held(&breaker).await.unwrap_err();
    assert_eq!(breaker.stats().total_ignored, 1);
    returns_future().await.unwrap_err();
    assert_eq!(stats("rejections::future"), (0, 1));
}

#[circuit(name = "rejections::behind_calls", threshold = 1)]
async fn behind(kind: u32, limits: &(Bulkhead, RateLimit, Timeout, CircuitBreaker)) -> io::Result<()> {
    match kind {
        0 => limits.0.call(|| ready(Ok(()))).await.map_err(CallError::into_error),
        1 => limits.1.call(|| ready(Ok(()))).await.map_err(CallError::into_error),
        2 => limits.2.call(pending).await.map_err(CallError::into_error),
        3 => limits.3.call(|| ready(Ok(()))).await.map_err(CallError::into_error),
        _ => {
            let nested = limits.2.call(|| limits.0.call(|| limits.1.call(|| ready(Ok(()))))).await;
            nested.map_err(|error| error.flatten().flatten().into_error())
        }
    }
}

#[tokio::test(start_paused = true)]
async fn circuit_ignores_rejections_of_layers_without_attributes() {
    let limits = (
        Bulkhead::builder("rejections::bulkhead", 1).build().unwrap(),
        RateLimit::builder("rejections::limit", 1).build().unwrap(),
        Timeout::new(Duration::from_secs(5)).unwrap(),
        CircuitBreaker::builder("rejections::call").build().unwrap(),
    );
    let slot = limits.0.try_acquire().unwrap();
    limits.1.try_acquire().unwrap();
    limits.3.force_open();
    behind(0, &limits).await.unwrap_err();
    behind(1, &limits).await.unwrap_err();
    deadline(SOON, behind(2, &limits)).await.unwrap_err();
    behind(3, &limits).await.unwrap_err();
    behind(4, &limits).await.unwrap_err();
    drop(slot);
    behind(4, &limits).await.unwrap_err();
    assert_eq!(stats("rejections::behind_calls"), (0, 6));
}

#[circuit(name = "rejections::hung", threshold = 9, hung_after = 2)]
async fn hung() -> Result<(), Error> {
    calls_slow().await
}

#[timeout(60)]
async fn calls_slow() -> Result<(), Error> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn deadline_after_hung_after_in_called_function_is_failure() {
    deadline(Duration::from_secs(1), hung()).await.unwrap_err();
    assert_eq!(stats("rejections::hung"), (0, 1));
    deadline(Duration::from_secs(3), hung()).await.unwrap_err();
    assert_eq!(stats("rejections::hung"), (1, 1));
    let breaker = CircuitBreaker::builder("rejections::hung_call").hung_after(Duration::from_secs(2)).build().unwrap();
    deadline(Duration::from_secs(1), breaker.call(calls_slow)).await.unwrap_err();
    deadline(Duration::from_secs(3), breaker.call(calls_slow)).await.unwrap_err();
    let stats = breaker.stats();
    assert_eq!((stats.total_failed, stats.total_ignored), (1, 1));
}

pub(crate) struct Plain<T>(pub(crate) T);

#[tokio::test(start_paused = true)]
async fn breaker_call_ignores_rejections_of_any_error_type() {
    let breaker = CircuitBreaker::builder("rejections::any_type").threshold(1).build().unwrap();
    let bulkhead = Bulkhead::builder("rejections::any_full", 1).build().unwrap();
    let limit = RateLimit::builder("rejections::any_limited", 1).build().unwrap();
    let open = CircuitBreaker::builder("rejections::any_open").build().unwrap();
    let timeout = Timeout::new(Duration::from_secs(5)).unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    limit.try_acquire().unwrap();
    open.force_open();
    assert!(breaker.call(async || bulkhead.try_acquire().map(drop).map_err(Plain)).await.is_err());
    assert!(breaker.call(async || bulkhead.acquire().await.map(drop).map_err(Plain)).await.is_err());
    assert!(breaker.call(async || limit.try_acquire().map_err(Plain)).await.is_err());
    assert!(breaker.call(async || open.try_acquire().map(drop).map_err(Plain)).await.is_err());
    let error = deadline(SOON, breaker.call(|| timeout.call(pending::<Result<(), ()>>)));
    assert!(error.await.is_err());
    assert!(breaker.call(|| open.call(|| ready(Ok::<(), String>(())))).await.is_err());
    assert!(
        breaker
            .call(async || {
                tokio::task::yield_now().await;
                called_and_open().await
            })
            .await
            .is_err()
    );
    assert!(breaker.call(|| ready(open.try_acquire().map(drop).map_err(Plain))).await.is_err());
    let stats = breaker.stats();
    assert_eq!((stats.total_failed, stats.total_ignored), (0, 8));

    let handled = breaker.call(async || open.try_acquire().map(drop).map_err(|_| Plain("no cache, no disk").0));
    assert!(handled.await.is_err());
    let stats = breaker.stats();
    assert_eq!((stats.total_failed, stats.total_ignored), (1, 8), "the body handled the rejection");
}

async fn called_and_open() -> Result<(), Error> {
    get_circuit("rejections::never_open").unwrap().force_open();
    never_open().await
}

#[circuit(name = "rejections::hidden_hung", threshold = 9, hung_after = 2)]
async fn hidden_hung() -> Result<(), Hidden> {
    Ok(calls_slow().await?)
}

#[tokio::test(start_paused = true)]
async fn late_deadline_in_hidden_error_is_failure() {
    deadline(Duration::from_millis(1_999), hidden_hung()).await.unwrap_err();
    assert_eq!(stats("rejections::hidden_hung"), (0, 1));
    deadline(Duration::from_secs(2), hidden_hung()).await.unwrap_err();
    assert_eq!(stats("rejections::hidden_hung"), (1, 1));
}

#[circuit(name = "rejections::excluded", threshold = 9, hung_after = 2, failure_if = |error| matches!(error, Error::Down))]
async fn excluded() -> Result<(), Error> {
    calls_slow().await
}

#[tokio::test(start_paused = true)]
async fn deadline_after_hung_after_is_failure_even_if_failure_if_excludes_error() {
    assert!(deadline(Duration::from_millis(1_999), excluded()).await.is_err());
    assert_eq!(stats("rejections::excluded"), (0, 1));
    assert!(deadline(Duration::from_secs(2), excluded()).await.is_err());
    assert_eq!(stats("rejections::excluded"), (1, 1));
    assert!(excluded().await.is_err());
    assert_eq!(stats("rejections::excluded"), (1, 2), "no deadline ended the call");
}

#[retry(max = 3, delay = 1)]
async fn retried(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    retried_limit().await
}

#[rate_limit(per_second = 1)]
async fn retried_limit() -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn rejection_by_limit_does_not_end_retry() {
    retried_limit().await.unwrap();
    let calls = Cell::new(0);
    retried(&calls).await.unwrap();
    assert_eq!(calls.get(), 2);
}

#[circuit(name = "rejections::text", threshold = 9, error = |open| open.to_string())]
async fn text_only() -> Result<(), String> {
    let rejection = never_open().await.unwrap_err().to_string();
    Err(format!("search failed: {rejection}"))
}

#[circuit(name = "rejections::text_of_error", threshold = 9)]
async fn text_of_error() -> io::Result<()> {
    let rejection = never_open().await.unwrap_err().to_string();
    Err(io::Error::other(rejection))
}

#[tokio::test]
async fn text_of_rejection_is_a_failure() {
    get_circuit("rejections::never_open").unwrap().force_open();
    assert!(text_only().await.unwrap_err().contains("is open"));
    assert_eq!(stats("rejections::text"), (1, 0));
    assert!(text_of_error().await.unwrap_err().to_string().contains("is open"));
    assert_eq!(stats("rejections::text_of_error"), (1, 0));
}

#[circuit(name = "rejections::other_task", threshold = 9)]
pub(crate) async fn rejected_in_other_task(bulkhead: &Bulkhead) -> Result<(), Error> {
    bulkhead.call(|| ready(Ok(()))).await.map_err(CallError::into_error)
}

type Unnamed = Pin<Box<dyn Future<Output = Result<(), Hidden>>>>;

#[circuit(name = "rejections::unnamed", threshold = 9)]
fn unnamed(bulkhead: Option<Bulkhead>) -> Unnamed {
    Box::pin(async move {
        match bulkhead {
            Some(bulkhead) => bulkhead.call(|| ready(Ok(()))).await.map_err(CallError::into_error),
            None => Err(Hidden(Error::Down)),
        }
    })
}

#[fallback(instead_of_unnamed, on = "rejected")]
fn unnamed_with_fallback() -> Unnamed {
    Box::pin(async move { Err(Hidden(Error::Down)) })
}

async fn instead_of_unnamed() -> Result<(), Hidden> {
    ready(Ok(())).await
}

#[tokio::test(start_paused = true)]
async fn future_of_unnamed_type_is_searched_like_others() {
    let full = Bulkhead::builder("rejections::full", 1).build().unwrap();
    let _slot = full.try_acquire().unwrap();
    for calls in 1..3 {
        rejected_in_other_task(&full).await.unwrap_err();
        unnamed(None).await.unwrap_err();
        assert_eq!(stats("rejections::unnamed"), (calls, calls - 1));
        rejected_in_other_task(&full).await.unwrap_err();
        unnamed_with_fallback().await.unwrap_err();
        unnamed(Some(full.clone())).await.unwrap_err();
        assert_eq!(stats("rejections::unnamed"), (calls, calls));
    }
}
