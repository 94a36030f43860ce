//! Tests streams of events, and callbacks for events.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::{FutureExt, StreamExt};
use resilience_runtime::CircuitState::{Closed, Disabled, ForcedOpen, HalfOpen, Open};
use resilience_runtime::{
    CircuitBreaker, CircuitState, Event, EventStream, circuit, get_circuit, get_circuit_stats, on_transition, retry,
    subscribe, subscribe_all,
};
use tokio::sync::RwLock;
use tokio::time::advance;

/// Lets the test that fills the channel of state changes run alone, because all tests share this channel.
static FLOOD: RwLock<()> = RwLock::const_new(());

/// Reads all available events of the stream, and returns the events of one circuit.
fn of(events: &mut EventStream, circuit: &str) -> Vec<Event> {
    let next = || events.try_recv().expect("no event is lost");
    std::iter::from_fn(next).filter(|event| event.circuit() == Some(circuit)).collect()
}

fn states(events: &[Event]) -> Vec<(CircuitState, CircuitState)> {
    events.iter().map(|event| (event.from().unwrap(), event.to().unwrap())).collect()
}

#[circuit(name = "subscriptions::outage", threshold = 2, cooldown = 10)]
async fn outage(up: bool) -> io::Result<()> {
    if up { Ok(()) } else { Err(io::Error::other("no answer")) }
}

#[tokio::test(start_paused = true)]
async fn stream_contains_each_transition() {
    let _with_others = FLOOD.read().await;
    let mut events = subscribe();
    let before = std::time::SystemTime::now();
    for _ in 0..2 {
        assert!(outage(false).await.is_err());
    }
    advance(Duration::from_secs(10)).await;
    assert!(outage(false).await.is_err());
    advance(Duration::from_secs(10)).await;
    outage(true).await.unwrap();
    let events = of(&mut events, "subscriptions::outage");
    assert_eq!(
        states(&events),
        [(Closed, Open), (Open, HalfOpen), (HalfOpen, Open), (Open, HalfOpen), (HalfOpen, Closed)]
    );
    let reasons: Vec<_> = events.iter().map(Event::reason).collect();
    assert_eq!(reasons, [Some("threshold"), None, Some("half_open_failure"), None, Some("recovery")]);
    assert_eq!(events[0].error(), Some("no answer"));
    assert_eq!((events[0].name(), events[0].field("failures"), events[0].key()), ("circuit_opened", Some("2"), None));
    assert!(events.iter().all(|event| event.time() >= before));
    let debug = format!("{:?}", events[0]);
    assert!(debug.contains("from: Closed, to: Open") && debug.contains(r#"reason: "threshold""#), "{debug}");
}

#[tokio::test]
async fn manual_transitions_have_their_states() {
    let _with_others = FLOOD.read().await;
    let mut events = subscribe();
    let breaker = CircuitBreaker::builder("subscriptions::manual").build().unwrap();
    breaker.trip();
    breaker.trip();
    breaker.force_open();
    breaker.disable();
    breaker.reset();
    breaker.reset();
    assert_eq!(
        states(&of(&mut events, "subscriptions::manual")),
        [
            (Closed, Open),
            (Open, Open),
            (Open, ForcedOpen),
            (ForcedOpen, Disabled),
            (Disabled, Closed),
            (Closed, Closed)
        ]
    );
}

#[circuit(name = "subscriptions::key", key = key, threshold = 1)]
async fn by_key(key: &str) -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test]
async fn event_of_a_key_names_the_key() {
    let _with_others = FLOOD.read().await;
    let mut events = subscribe();
    assert!(by_key("acme [eu]").await.is_err());
    let events = of(&mut events, "subscriptions::key[acme [eu]]");
    assert_eq!(events[0].key(), Some("acme [eu]"));
}

#[circuit(name = "subscriptions::tuple", key = (tenant, shard), threshold = 1)]
async fn tuple(tenant: &str, shard: u32) -> io::Result<()> {
    Err(io::Error::other(format!("{tenant} {shard}")))
}

#[tokio::test]
async fn circuit_of_event_is_found_by_its_escaped_name() {
    let _with_others = FLOOD.read().await;
    let mut events = subscribe();
    for tenant in ["acme", "o'brien\\", &"long".repeat(100)] {
        tuple(tenant, 3).await.unwrap_err();
        let is_of_tuple = |event: &Event| event.circuit().unwrap().starts_with("subscriptions::tuple[");
        let event = std::iter::from_fn(|| events.try_recv().unwrap()).find(is_of_tuple).unwrap();
        let escaped = event.circuit().unwrap();
        let stats = get_circuit_stats();
        let name = stats.keys().find(|name| name.escape_debug().eq(escaped.chars())).unwrap();
        assert_eq!(get_circuit(name).unwrap().state(), Open);
        if tenant == "acme" {
            assert_eq!(escaped, r#"subscriptions::tuple[\"acme\",3]"#);
            assert_eq!(event.key(), Some(r#"\"acme\",3"#));
        }
    }
}

#[retry(max = 2, delay = 0)]
#[circuit(name = "subscriptions::all", threshold = 9)]
async fn observed() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test]
async fn stream_of_all_events_contains_single_calls() {
    let _with_others = FLOOD.read().await;
    let mut all = subscribe_all();
    let mut transitions = subscribe();
    assert!(observed().await.is_err());
    let mut events = Vec::new();
    while let Some(event) = all.try_recv().unwrap() {
        let is_own = event.circuit() == Some("subscriptions::all") || event.field("func") == Some("observed");
        events.extend(is_own.then(|| event.name()));
    }
    assert_eq!(events, ["circuit_failure", "retry_attempt", "circuit_failure", "retry_exhausted"]);
    assert_eq!(of(&mut transitions, "subscriptions::all"), []);
}

#[tokio::test]
async fn slow_reader_learns_how_many_events_it_missed() {
    let _alone = FLOOD.write().await;
    let mut events = subscribe();
    let breaker = CircuitBreaker::builder("subscriptions::slow").build().unwrap();
    for _ in 0..2_000 {
        breaker.trip();
    }
    let missed = events.recv().await.unwrap_err();
    assert!(missed.count >= 2_000 - 1_024, "{missed}");
    assert_eq!(
        missed.to_string(),
        format!("missed {} events: the reader of the event stream was too slow", missed.count)
    );
    let mut left = 0;
    while let Some(event) = events.try_recv().unwrap() {
        left += u32::from(event.circuit() == Some("subscriptions::slow"));
    }
    assert!((900..=1_024).contains(&left), "{left}");
    breaker.reset();
    assert_eq!(of(&mut events, "subscriptions::slow").len(), 1);
}

#[tokio::test]
async fn reader_waits_for_the_next_event_in_every_way() {
    let _with_others = FLOOD.read().await;
    let mut events = subscribe();
    let breaker = CircuitBreaker::builder("subscriptions::ways").build().unwrap();
    assert!(events.next().now_or_never().is_none_or(|event| event.is_some()), "the poll of a stream begins to wait");
    breaker.trip();
    assert_eq!(of(&mut events, "subscriptions::ways").len(), 1, "`try_recv` after a poll of the stream");
    let reader = tokio::spawn(async move {
        loop {
            let event = events.next().await.unwrap().unwrap();
            if event.circuit() == Some("subscriptions::ways") {
                return (event.to(), events);
            }
        }
    });
    tokio::task::yield_now().await;
    breaker.reset();
    let (to, mut events) = reader.await.unwrap();
    assert_eq!(to, Some(Closed));
    assert!(events.next().now_or_never().is_none_or(|event| event.is_some()));
    breaker.disable();
    let mut event = events.recv().await.unwrap();
    while event.circuit() != Some("subscriptions::ways") {
        event = events.recv().await.unwrap();
    }
    assert_eq!(event.to(), Some(Disabled), "`recv` after a poll of the stream");
}

#[tokio::test]
async fn ten_thousand_subscribers_receive_the_event() {
    let _with_others = FLOOD.read().await;
    let mut all: Vec<_> = (0..10_000).map(|_| subscribe()).collect();
    let breaker = CircuitBreaker::builder("subscriptions::many").build().unwrap();
    breaker.trip();
    assert!(all.iter_mut().all(|events| of(events, "subscriptions::many").len() == 1));
}

#[circuit(name = "subscriptions::callback", threshold = 1)]
async fn with_callback() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test]
async fn panic_of_a_callback_reaches_neither_the_call_nor_other_callbacks() {
    let _with_others = FLOOD.read().await;
    let mut all = subscribe_all();
    let called = Arc::new(AtomicU32::new(0));
    let counts = called.clone();
    let is_own = |event: &Event| event.circuit() == Some("subscriptions::callback");
    let _panics = on_transition(move |event| assert!(!is_own(event), "a callback that panics"));
    let guard = on_transition(move |event| {
        if is_own(event) && get_circuit("subscriptions::callback").is_some() {
            counts.fetch_add(1, Ordering::Relaxed);
        }
    });
    assert_eq!(with_callback().await.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(called.load(Ordering::Relaxed), 1);
    drop(guard);
    get_circuit("subscriptions::callback").unwrap().reset();
    assert_eq!(called.load(Ordering::Relaxed), 1, "the guard removes the callback");
    assert_eq!(Arc::strong_count(&called), 1, "the callback is dropped");
    let mut reports = Vec::new();
    while let Some(event) = all.try_recv().unwrap() {
        let is_report = event.name() == "callback_panicked" && is_own(&event);
        reports.extend(is_report.then(|| event.field("event").unwrap().to_owned()));
    }
    assert_eq!(reports, ["circuit_opened", "circuit_reset"]);
}
