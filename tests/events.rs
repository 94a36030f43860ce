//! What the library tells through `tracing`: the names, levels and fields that a user's dashboards go by.

use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::io;
use std::sync::Once;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, CircuitState, RetryBudget, TokenBucket, bulkhead, circuit, fallback, get_circuit,
    get_circuit_stats, hedge, rate_limit, retry, timeout,
};
use tokio::time::advance;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

thread_local! {
    static RECORDING: RefCell<Option<Recording>> = const { RefCell::new(None) };
}

/// What one test has heard, and what it does at each event.
struct Recording {
    lines: Vec<String>,
    then: fn(&Event<'_>),
}

/// Writes down the events of each thread that listens.
///
/// One for the whole process: a subscriber of one thread may miss an event that another thread was the first to come to
/// (tokio-rs/tracing#3611).
struct Recorder;

/// Listens to the events of this thread from here on.
fn listen() {
    listen_and(|_| ());
}

fn listen_and(then: fn(&Event<'_>)) {
    static RECORDER: Once = Once::new();
    RECORDER.call_once(|| tracing::subscriber::set_global_default(Recorder).unwrap());
    RECORDING.set(Some(Recording { lines: Vec::new(), then }));
}

/// What was heard since the last time.
fn heard() -> Vec<String> {
    RECORDING.with_borrow_mut(|recording| std::mem::take(&mut recording.as_mut().expect("nobody listens").lines))
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "resilience"
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("{} {}", event.metadata().level(), event.metadata().name()));
        event.record(&mut line);
        let then = RECORDING.with_borrow_mut(|recording| {
            let recording = recording.as_mut()?;
            recording.lines.push(line.0);
            Some(recording.then)
        });
        if let Some(then) = then {
            then(event);
        }
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// `LEVEL name field=value ..`, without the message, which is the name once more.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        match field.name() {
            "message" => assert!(self.0.ends_with(&format!(" {value:?}")), "{} is not {value:?}", self.0),
            name => write!(self.0, " {name}={value:?}").unwrap(),
        }
    }
}

fn breaker(name: &'static str) -> CircuitBreaker {
    CircuitBreaker::builder(name).threshold(2).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_breaker_tells_its_whole_life() {
    listen();
    let breaker = breaker("life");
    let call = |answer: Result<(), &'static str>| {
        breaker.call(move || async move {
            advance(Duration::from_millis(20)).await;
            answer
        })
    };
    call(Ok(())).await.unwrap();
    assert!(call(Err("down")).await.is_err());
    breaker.try_acquire().unwrap().failure_with(&"Service down");
    assert_eq!(
        heard(),
        [
            "DEBUG circuit_success circuit=life duration_ms=20",
            "DEBUG circuit_failure circuit=life duration_ms=20",
            "DEBUG circuit_failure circuit=life duration_ms=0 error=Service down",
            "WARN circuit_opened circuit=life reason=\"threshold\" failures=2 error=Service down",
        ]
    );

    advance(Duration::from_millis(500)).await;
    assert!(breaker.try_acquire().is_err());
    advance(Duration::from_millis(29_500)).await;
    assert_eq!(breaker.state().as_str(), "half_open");
    assert_eq!(heard(), ["DEBUG circuit_rejected circuit=life cooldown_remaining=30"], "looking tells nothing");

    breaker.try_acquire().unwrap().failure();
    assert_eq!(
        heard(),
        [
            "INFO circuit_half_open circuit=life",
            "DEBUG circuit_failure circuit=life duration_ms=0",
            "WARN circuit_opened circuit=life reason=\"half_open_failure\" failures=3",
        ]
    );

    advance(Duration::from_secs(30)).await;
    let hanging = breaker.try_acquire().unwrap();
    advance(Duration::from_secs(30)).await;
    let trial = breaker.try_acquire().unwrap();
    drop(hanging);
    trial.success();
    breaker.try_acquire().unwrap().ignore();
    breaker.reset();
    assert_eq!(
        heard(),
        [
            "INFO circuit_half_open circuit=life",
            "INFO trial_expired circuit=life trials=1",
            "DEBUG circuit_success circuit=life duration_ms=0",
            "INFO circuit_closed circuit=life reason=\"recovery\"",
            "INFO circuit_reset circuit=life",
        ]
    );
}

#[test]
fn what_is_done_by_hand_is_told() {
    listen();
    let breaker = breaker("by_hand");
    breaker.trip();
    breaker.force_open();
    breaker.disable();
    breaker.reset();
    assert_eq!(
        heard(),
        [
            "WARN circuit_opened circuit=by_hand reason=\"manual\" failures=0",
            "WARN circuit_forced_open circuit=by_hand",
            "WARN circuit_disabled circuit=by_hand",
            "INFO circuit_reset circuit=by_hand",
        ]
    );
}

/// The specification: whoever asks for the state makes the circuit half-open, and the event goes out.
#[tokio::test(start_paused = true)]
async fn looking_changes_nothing() {
    listen();
    let breaker = breaker("looking");
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap().failure();
    advance(breaker.stats().cooldown).await;
    heard();
    assert_eq!((breaker.state(), breaker.stats().state), (CircuitState::HalfOpen, CircuitState::HalfOpen));
    assert_eq!(heard(), [""; 0]);
    drop(breaker.try_acquire().unwrap());
    assert_eq!(heard(), ["INFO circuit_half_open circuit=looking"]);
}

#[derive(Debug)]
struct Opaque;

impl From<resilience_runtime::CircuitOpenError> for Opaque {
    fn from(_: resilience_runtime::CircuitOpenError) -> Self {
        Self
    }
}

#[retry(max = 3, delay = 0.5)]
#[circuit(name = "events::opaque", threshold = 9)]
async fn opaque() -> Result<(), Opaque> {
    Err(Opaque)
}

#[retry(max = 2, delay = 0.25)]
#[circuit(name = "events::long", threshold = 9)]
async fn long() -> io::Result<()> {
    Err(io::Error::other("ü".repeat(60)))
}

#[tokio::test(start_paused = true)]
async fn an_attribute_tells_the_error_where_its_type_shows_one() {
    listen();
    assert!(opaque().await.is_err());
    assert_eq!(
        heard(),
        [
            "DEBUG circuit_failure circuit=events::opaque duration_ms=0",
            "DEBUG retry_attempt func=\"opaque\" attempt=1 delay=0.5",
            "DEBUG circuit_failure circuit=events::opaque duration_ms=0",
            "DEBUG retry_attempt func=\"opaque\" attempt=2 delay=1.0",
            "DEBUG circuit_failure circuit=events::opaque duration_ms=0",
        ]
    );
    assert!(long().await.is_err());
    let cut = "ü".repeat(50);
    let failure = format!("DEBUG circuit_failure circuit=events::long duration_ms=0 error={cut}");
    let again = format!("DEBUG retry_attempt func=\"long\" attempt=1 delay=0.25 error={cut}");
    assert_eq!(heard(), [&failure, &again, &failure].map(String::as_str));
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
async fn a_retry_tells_what_ended_it_where_attempts_were_left() {
    listen();
    assert!(too_long().await.is_err());
    assert!(too_dear().await.is_err());
    assert_eq!(
        heard(),
        [
            "DEBUG retry_attempt func=\"too_long\" attempt=1 delay=1.0 error=down",
            "DEBUG retry_exhausted func=\"too_long\" attempt=2 reason=\"max_elapsed\" error=down",
            "DEBUG retry_exhausted func=\"too_dear\" attempt=1 reason=\"budget\" error=down",
        ]
    );
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

#[tokio::test(start_paused = true)]
async fn every_other_layer_tells_what_it_does_to_a_call() {
    listen();
    assert_eq!(layered(9000).await.unwrap(), 7);
    assert_eq!(
        heard(),
        [
            "DEBUG hedged func=\"layered\" attempt=2",
            "DEBUG timed_out func=\"layered\" after=3.0",
            "DEBUG fell_back func=\"layered\" error=timed out after 3s",
        ]
    );
    let (first, second) = tokio::join!(biased; layered(500), layered(500));
    assert_eq!((first.unwrap(), second.unwrap()), (7, 7));
    assert_eq!(
        heard(),
        [
            "DEBUG bulkhead_full bulkhead=layered max=1",
            "DEBUG fell_back func=\"layered\" error=bulkhead 'layered' is full",
            "DEBUG fell_back func=\"layered\" error=too late",
        ]
    );
    assert_eq!(layered(0).await.unwrap(), 7);
    assert_eq!(
        heard(),
        [
            "DEBUG rate_limited rate_limit=layered retry_after=0.5",
            "DEBUG fell_back func=\"layered\" error=rate limit 'layered' is reached, retry in 500ms",
        ]
    );
}

#[circuit(name = "events::panics", threshold = 1)]
async fn panics() -> io::Result<()> {
    std::panic::resume_unwind(Box::new("not shown"))
}

#[tokio::test(start_paused = true)]
async fn a_panic_is_told_as_such() {
    listen();
    assert!(tokio::spawn(panics()).await.unwrap_err().is_panic());
    assert_eq!(
        heard(),
        [
            "DEBUG circuit_failure circuit=events::panics duration_ms=0 error=panic",
            "WARN circuit_opened circuit=events::panics reason=\"threshold\" failures=1 error=panic",
        ]
    );
}

#[test]
fn names_are_shown_escaped() {
    listen();
    CircuitBreaker::builder("two\nlines").build().unwrap().reset();
    assert_eq!(heard(), [r"INFO circuit_reset circuit=two\nlines"]);
}

#[circuit(name = "events::conflict", threshold = 2)]
async fn first() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "events::conflict", threshold = 5)]
async fn second() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn a_conflict_is_told_once_with_both_places() {
    listen();
    first().await.unwrap();
    second().await.unwrap();
    second().await.unwrap();
    let mut told = heard();
    told.retain(|line| line.starts_with("WARN"));
    assert_eq!(told.len(), 1, "{told:?}");
    let (kept, ignored) = told[0].split_once(" ignored=").unwrap();
    assert!(
        kept.starts_with(
            "WARN circuit_conflict circuit=events::conflict option=\"threshold\" kept=\"2\" kept_at=\"tests/events.rs:"
        ),
        "{kept}"
    );
    assert!(ignored.starts_with("\"5\" ignored_at=\"tests/events.rs:"), "{ignored}");
}

#[circuit(name = "events::reentrant", threshold = 1)]
async fn reentrant() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_may_call_back_and_finds_the_new_state() {
    listen_and(|event| {
        if event.metadata().name() == "circuit_opened" {
            assert_eq!(get_circuit_stats()["events::reentrant"].total_opened, 1);
            let breaker = get_circuit("events::reentrant").unwrap();
            assert!(breaker.try_acquire().is_err(), "the state is published before it is told");
            breaker.reset();
        }
    });
    assert!(reentrant().await.is_err());
    assert_eq!(
        heard(),
        [
            "DEBUG circuit_failure circuit=events::reentrant duration_ms=0 error=timed out",
            "WARN circuit_opened circuit=events::reentrant reason=\"threshold\" failures=1 error=timed out",
            "DEBUG circuit_rejected circuit=events::reentrant cooldown_remaining=30",
            "INFO circuit_reset circuit=events::reentrant",
        ]
    );
    assert_eq!(get_circuit("events::reentrant").unwrap().state().as_str(), "closed");
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_panics_costs_no_slot() {
    let breaker = breaker("subscriber_panics");
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap().failure();
    advance(Duration::from_secs(30)).await;
    listen_and(|event| {
        if event.metadata().name() == "circuit_half_open" {
            std::panic::resume_unwind(Box::new("a subscriber"));
        }
    });
    let trial = std::panic::catch_unwind(|| breaker.try_acquire().map(drop));
    assert!(trial.is_err());
    assert_eq!(breaker.stats().total_cancelled, 1);
    breaker.try_acquire().expect("the slot has come back").success();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[circuit(name = "events::both_panic", threshold = 1)]
async fn both_panic() -> io::Result<()> {
    std::panic::resume_unwind(Box::new("the body"))
}

#[tokio::test(start_paused = true)]
async fn a_subscriber_that_panics_beside_the_body_does_not_end_the_process() {
    listen_and(|event| {
        if event.metadata().name() == "circuit_failure" {
            std::panic::resume_unwind(Box::new("a subscriber"));
        }
    });
    let panic = tokio::spawn(both_panic()).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"the body"), "the panic of the body goes on");
    assert_eq!(get_circuit("events::both_panic").unwrap().state(), CircuitState::Open);
}
