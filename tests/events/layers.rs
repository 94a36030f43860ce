//! Tests the events of retries, timeouts, bulkheads, rate limits, fallbacks and hedges. Also tests the text with which
//! an event describes an error.

use std::io;
use std::time::Duration;

use resilience_runtime::{
    RetryBudget, RetryPolicy, TokenBucket, bulkhead, circuit, deadline, fallback, hedge, rate_limit, retry, timeout,
};

use crate::recorder::{record, recorded};

#[derive(Debug)]
struct Opaque;

impl From<resilience_runtime::CircuitOpenError> for Opaque {
    fn from(_: resilience_runtime::CircuitOpenError) -> Self {
        Self
    }
}

#[retry(max = 3, delay = 0.5)]
#[circuit(name = "layers::opaque", threshold = 9)]
async fn opaque() -> Result<(), Opaque> {
    Err(Opaque)
}

#[retry(max = 2, delay = 0.25)]
#[circuit(name = "layers::long", threshold = 9)]
async fn long() -> io::Result<()> {
    Err(io::Error::other("ü".repeat(60)))
}

#[tokio::test(start_paused = true)]
async fn event_holds_error_if_its_type_is_displayable() {
    record();
    assert!(opaque().await.is_err());
    assert_eq!(
        recorded(),
        [
            "DEBUG circuit_failure circuit=layers::opaque duration_ms=0",
            "DEBUG retry_attempt func=\"opaque\" attempt=1 delay=0.5",
            "DEBUG circuit_failure circuit=layers::opaque duration_ms=0",
            "DEBUG retry_attempt func=\"opaque\" attempt=2 delay=1.0",
            "DEBUG circuit_failure circuit=layers::opaque duration_ms=0",
            "DEBUG retry_exhausted func=\"opaque\" attempt=3",
        ]
    );
    assert!(long().await.is_err());
    let cut = "ü".repeat(50);
    let failure = format!("DEBUG circuit_failure circuit=layers::long duration_ms=0 error={cut}");
    let again = format!("DEBUG retry_attempt func=\"long\" attempt=1 delay=0.25 error={cut}");
    let last = format!("DEBUG retry_exhausted func=\"long\" attempt=2 error={cut}");
    assert_eq!(recorded(), [&failure, &again, &failure, &last].map(String::as_str));
}

#[retry(max = 9, delay = 1, max_elapsed = 2)]
async fn too_long() -> Result<(), &'static str> {
    Err("down")
}

#[retry(max = 9, delay = 0, budget = RetryBudget::bucket(TokenBucket { capacity: 0, ..TokenBucket::DEFAULT }))]
async fn too_dear() -> Result<(), &'static str> {
    Err("down")
}

#[tokio::test(start_paused = true)]
async fn retry_gave_up_event_names_the_reason() {
    record();
    assert!(too_long().await.is_err());
    assert!(too_dear().await.is_err());
    assert_eq!(
        recorded(),
        [
            "DEBUG retry_attempt func=\"too_long\" attempt=1 delay=1.0 error=down",
            "DEBUG retry_gave_up func=\"too_long\" attempt=2 reason=\"max_elapsed\" error=down",
            "DEBUG retry_gave_up func=\"too_dear\" attempt=1 reason=\"budget\" error=down",
        ]
    );
}

fn ends() -> Vec<String> {
    let ends = recorded().into_iter().filter(|event| {
        ["DEBUG retry_exhausted ", "DEBUG retry_gave_up "].into_iter().any(|name| event.starts_with(name))
    });
    ends.collect()
}

#[retry(max = 2, delay = 1)]
async fn used_up() -> Result<(), &'static str> {
    Err("down")
}

#[retry(max = 1)]
async fn once() -> Result<(), &'static str> {
    Err("down")
}

#[retry(max = 2, delay = 0, retry_if_ok = |()| true)]
async fn unwanted() -> Result<(), &'static str> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn retry_exhausted_event_follows_last_attempt() {
    record();
    let _ = used_up().await;
    let _ = once().await;
    let _ = unwanted().await;
    let policy = RetryPolicy::builder().max(2).build().unwrap();
    let _ = policy.call(|| std::future::ready(Err::<(), _>("down"))).await;
    let ends = ends();
    assert_eq!(
        ends[..3],
        [
            "DEBUG retry_exhausted func=\"used_up\" attempt=2 error=down",
            "DEBUG retry_exhausted func=\"once\" attempt=1 error=down",
            "DEBUG retry_exhausted func=\"unwanted\" attempt=2",
        ]
    );
    let of_policy = ends[3].starts_with("DEBUG retry_exhausted func=") && ends[3].contains(" attempt=2");
    assert!(of_policy && !ends[3].contains("reason"), "{}", ends[3]);
    assert_eq!(ends.len(), 4);
}

#[retry(max = 3, delay = 1, retry_if = |_| false)]
async fn not_retryable() -> io::Result<()> {
    Err(io::Error::other("bad request"))
}

#[retry(max = 3, delay = 1, max_delay = 1, retry_after = |_| Some(Duration::from_secs(2)))]
async fn long_hint() -> io::Result<()> {
    Err(io::Error::other("busy"))
}

#[retry(max = 3, delay = 1)]
#[circuit(name = "layers::gave_up", threshold = 1)]
async fn own_circuit() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[retry(max = 3, delay = 1)]
#[hedge(after = 1)]
#[circuit(name = "layers::gave_up_below_hedge", threshold = 1)]
async fn hedged_circuit() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[circuit(name = "layers::gave_up_outer", threshold = 9)]
#[retry(max = 3, delay = 1)]
#[circuit(name = "layers::gave_up_inner", threshold = 1)]
async fn between_circuits() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[retry(max = 3, delay = 1)]
async fn calls_own_circuit() -> io::Result<()> {
    own_circuit().await
}

#[retry(max = 2, delay = 1)]
async fn nested() -> Result<(), &'static str> {
    used_up().await
}

#[tokio::test(start_paused = true)]
async fn each_early_end_of_retry_has_its_reason() {
    record();
    let reason = |ends: Vec<String>| -> Vec<String> {
        ends.into_iter()
            .map(|end| end.split("reason=").nth(1).unwrap_or("none").split(' ').next().unwrap().replace('"', ""))
            .collect()
    };
    let _ = not_retryable().await;
    let _ = long_hint().await;
    let _ = deadline(Duration::from_millis(500), used_up()).await;
    assert_eq!(reason(ends()), ["not_retryable", "retry_after", "deadline"]);
    let _ = own_circuit().await;
    let _ = own_circuit().await;
    let _ = calls_own_circuit().await;
    assert_eq!(reason(ends()), ["circuit", "rejected", "rejected", "rejected"]);
    let _ = hedged_circuit().await;
    let _ = hedged_circuit().await;
    assert_eq!(reason(ends()), ["circuit", "rejected"]);
    let _ = between_circuits().await;
    let _ = between_circuits().await;
    assert_eq!(reason(ends()), ["circuit", "rejected"]);
    let _ = nested().await;
    assert_eq!(reason(ends()), ["none", "nested"]);
}

async fn instead(_: u64) -> io::Result<u64> {
    std::future::ready(Ok(7)).await
}

#[fallback(instead)]
#[timeout(3)]
#[rate_limit(per_second = 1, burst = 2)]
#[bulkhead(max = 1)]
#[hedge(after = 1)]
async fn layered(millis: u64) -> io::Result<u64> {
    tokio::time::sleep(Duration::from_millis(millis)).await;
    Err(io::Error::other("too late"))
}

#[fallback(value = 7)]
async fn with_value() -> io::Result<u64> {
    Err(io::Error::other("down"))
}

#[fallback(|_| Ok(7))]
async fn with_closure() -> io::Result<u64> {
    Err(io::Error::other("down"))
}

#[tokio::test]
async fn values_and_closures_of_fallbacks_emit_events() {
    record();
    assert_eq!((with_value().await.unwrap(), with_closure().await.unwrap()), (7, 7));
    assert_eq!(
        recorded(),
        ["DEBUG fell_back func=\"with_value\" error=down", "DEBUG fell_back func=\"with_closure\" error=down"]
    );
}

#[tokio::test(start_paused = true)]
async fn other_layers_emit_their_events() {
    record();
    assert_eq!(layered(9000).await.unwrap(), 7);
    assert_eq!(
        recorded(),
        [
            "DEBUG hedged func=\"layered\" attempt=2",
            "DEBUG timed_out func=\"layered\" after=3.0",
            "DEBUG fell_back func=\"layered\" error=timed out after 3s",
        ]
    );
    let (first, second) = tokio::join!(biased; layered(500), layered(500));
    assert_eq!((first.unwrap(), second.unwrap()), (7, 7));
    assert_eq!(
        recorded(),
        [
            "DEBUG bulkhead_full bulkhead=layered max=1",
            "DEBUG fell_back func=\"layered\" error=bulkhead 'layered' is full",
            "DEBUG fell_back func=\"layered\" error=too late",
        ]
    );
    assert_eq!(layered(0).await.unwrap(), 7);
    assert_eq!(
        recorded(),
        [
            "DEBUG rate_limited rate_limit=layered retry_after=0.5",
            "DEBUG fell_back func=\"layered\" error=rate limit 'layered' is reached, retry in 500ms",
        ]
    );
}

#[retry(max = 1)]
async fn generic<E>(make: impl Fn() -> E) -> Result<(), E> {
    Err(make())
}

#[retry(max = 1)]
async fn generic_display<E: std::fmt::Display>(make: impl Fn() -> E) -> Result<(), E> {
    Err(make())
}

#[tokio::test]
async fn event_of_generic_error_needs_display_bound() {
    record();
    assert!(generic(|| "down").await.is_err());
    assert!(generic_display(|| "down").await.is_err());
    assert_eq!(
        recorded(),
        [
            "DEBUG retry_exhausted func=\"generic\" attempt=1",
            "DEBUG retry_exhausted func=\"generic_display\" attempt=1 error=down",
        ]
    );
}

#[tokio::test]
async fn event_of_policy_has_no_error() {
    record();
    let policy = RetryPolicy::builder().max(2).delay(Duration::ZERO).build().unwrap();
    assert!(policy.call(|| std::future::ready(Err::<(), _>("down"))).await.is_err());
    let events = recorded();
    assert_eq!(events.len(), 2);
    assert!(events.iter().all(|event| !event.contains("error=")), "{events:?}");
}

#[bulkhead(max = 1, name = "layers::plain")]
fn plain_inner(then: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
    then()
}

fn plain_instead(call: u32) -> io::Result<()> {
    if call > 0 { Ok(()) } else { Err(io::ErrorKind::NotFound.into()) }
}

#[fallback(plain_instead)]
#[retry(max = 2, delay = "1ms")]
#[circuit(name = "layers::plain", threshold = 9)]
#[rate_limit(per_second = 1, burst = 1)]
fn plain(call: u32) -> io::Result<()> {
    Err(io::Error::other(call.to_string()))
}

#[test]
fn plain_function_emits_events_of_async_function() {
    record();
    assert!(plain_inner(|| plain_inner(|| Ok(()))).is_err());
    assert_eq!(recorded(), ["DEBUG bulkhead_full bulkhead=layers::plain max=1"]);
    assert!(plain(7).is_ok());
    // Removes the remaining time of the rate limit (`retry_after`), because this time depends on the system's clock.
    let without_time = |event: &String| {
        let split = event.split_once(" retry_after=").or(event.split_once(", retry in"));
        split.map_or(&**event, |(event, _)| event).to_owned()
    };
    let events: Vec<_> = recorded().iter().map(without_time).collect();
    assert_eq!(
        events,
        [
            "DEBUG circuit_failure circuit=layers::plain duration_ms=0 error=7",
            "DEBUG retry_attempt func=\"plain\" attempt=1 delay=0.001 error=7",
            "DEBUG rate_limited rate_limit=plain",
            "DEBUG retry_exhausted func=\"plain\" attempt=2 error=rate limit 'plain' is reached",
            "DEBUG fell_back func=\"plain\" error=rate limit 'plain' is reached",
        ]
    );
}
