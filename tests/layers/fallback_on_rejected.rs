//! Tests fallbacks with `on = "rejected"`, which must replace rejections, but no other error.

use std::future::{pending, ready};
use std::time::Duration;

use resilience_runtime::{bulkhead, circuit, deadline, fallback, get_circuit, rate_limit, timeout};
use support::Error;

use crate::rejections::{Hidden, SOON, futures_poll, stats};

#[circuit(name = "fallback_on_rejected::never_open", threshold = 1)]
async fn never_open() -> Result<(), Error> {
    Ok(())
}

#[timeout(5, error = |late| late.to_string())]
async fn text_of_timeout() -> Result<(), String> {
    pending().await
}

#[circuit(name = "fallback_on_rejected::handled_deadline", error = |open| open.to_string())]
async fn handles_deadline() -> Result<(), String> {
    let _ = deadline(SOON, text_of_timeout()).await;
    Err("a different error".to_owned())
}

async fn instead_of_text() -> Result<(), String> {
    ready(Ok(())).await
}

#[fallback(instead_of_text, on = "rejected")]
async fn falls_back_from_text() -> Result<(), String> {
    let _ = deadline(Duration::ZERO, text_of_timeout()).await;
    Err("a different error".to_owned())
}

#[tokio::test(start_paused = true)]
async fn handled_deadline_before_another_error_is_no_rejection() {
    handles_deadline().await.unwrap_err();
    assert_eq!(stats("fallback_on_rejected::handled_deadline"), (1, 0));
    falls_back_from_text().await.unwrap_err();
}

async fn instead(_: u32) -> Result<(), Error> {
    ready(Err(Error::Status(1))).await
}

#[fallback(instead, on = "rejected")]
async fn falls_back(kind: u32) -> Result<(), Error> {
    match kind {
        0 => fallback_full(false).await,
        1 => fallback_limited().await,
        2 => fallback_slow().await,
        3 => never_open().await,
        _ => Err(Error::Down),
    }
}

#[fallback(instead, on = "rejected")]
#[timeout(5)]
async fn falls_back_above_timeout(kind: u32) -> Result<(), Error> {
    let _ = kind;
    pending().await
}

#[bulkhead(max = 1)]
async fn fallback_full(hold: bool) -> Result<(), Error> {
    if hold { pending().await } else { Ok(()) }
}

#[rate_limit(per_second = 1)]
async fn fallback_limited() -> Result<(), Error> {
    Ok(())
}

#[timeout(5)]
async fn fallback_slow() -> Result<(), Error> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn fallback_on_rejected_sees_called_functions() {
    let replaced = Err(Error::Status(1));
    let mut held = Box::pin(fallback_full(true));
    assert!(futures_poll(&mut held).is_none());
    assert_eq!(falls_back(0).await, replaced);
    fallback_limited().await.unwrap();
    assert_eq!(falls_back(1).await, replaced);
    get_circuit("fallback_on_rejected::never_open").unwrap().force_open();
    assert_eq!(falls_back(3).await, replaced);
    assert_eq!(falls_back(4).await, Err(Error::Down));
    let by_deadline = |error| matches!(error, Err(Error::Timeout(error)) if error.by_deadline());
    assert!(by_deadline(deadline(SOON, falls_back(2)).await), "the body ran");
    assert!(by_deadline(deadline(SOON, falls_back_above_timeout(2)).await), "the body ran");
    assert_eq!(deadline(Duration::ZERO, falls_back(2)).await, replaced, "the body did not run");
    assert_eq!(deadline(Duration::ZERO, falls_back_above_timeout(2)).await, replaced, "the body did not run");
}

async fn instead_of_hidden(_: u32) -> Result<(), Hidden> {
    ready(Err(Error::Status(1).into())).await
}

#[fallback(instead_of_hidden, on = "rejected")]
async fn falls_back_from_hidden(kind: u32) -> Result<(), Hidden> {
    match kind {
        0 => hidden_limit_of_fallback().await,
        1 => Ok(fallback_slow().await?),
        _ => Err(Error::Down.into()),
    }
}

#[rate_limit(per_second = 1)]
async fn hidden_limit_of_fallback() -> Result<(), Hidden> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn fallback_on_rejected_sees_rejection_in_hidden_error() {
    hidden_limit_of_fallback().await.unwrap();
    let is_replaced = |outcome| matches!(outcome, Err(Hidden(Error::Status(1))));
    assert!(is_replaced(falls_back_from_hidden(0).await));
    assert!(matches!(falls_back_from_hidden(2).await, Err(Hidden(Error::Down))));
    let ended = deadline(SOON, falls_back_from_hidden(1)).await;
    assert!(matches!(ended, Err(Hidden(Error::Timeout(_)))), "the body ran");
    assert!(is_replaced(deadline(Duration::ZERO, falls_back_from_hidden(1)).await), "the body did not run");
}
