//! Tests the events that a circuit emits.

use std::future::pending;
use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState, Classifier, circuit, deadline, restore, timeout};
use support::calls;
use tokio::time::advance;

use crate::recorder::{record, recorded};

fn breaker(name: &'static str) -> CircuitBreaker {
    CircuitBreaker::builder(name).threshold(2).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn classifier_with_as_error_shows_the_error() {
    record();
    let breaker = breaker("classified");
    let plain = Classifier::builder().build().unwrap();
    let shown = Classifier::builder().as_error(|error: &io::Error| error).build().unwrap();
    let outcome = || Err::<(), _>(io::Error::other("down"));
    breaker.try_acquire().unwrap().settle(&plain, &outcome());
    breaker.call_with(&shown, || async { outcome() }).await.unwrap_err();
    assert_eq!(
        recorded(),
        [
            "DEBUG circuit_failure circuit=classified duration_ms=0",
            "DEBUG circuit_failure circuit=classified duration_ms=0 error=down",
            "WARN circuit_opened circuit=classified reason=\"threshold\" failures=2 error=down",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn each_state_change_and_outcome_emits_an_event() {
    record();
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
        recorded(),
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
    assert_eq!(
        recorded(),
        ["DEBUG circuit_rejected circuit=life cooldown_remaining=30"],
        "reading the state emits nothing"
    );

    breaker.try_acquire().unwrap().failure();
    assert_eq!(
        recorded(),
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
        recorded(),
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
fn manual_state_changes_emit_events() {
    record();
    let breaker = breaker("by_hand");
    breaker.trip();
    breaker.force_open();
    breaker.disable();
    breaker.reset();
    assert_eq!(
        recorded(),
        [
            "WARN circuit_opened circuit=by_hand reason=\"manual\" failures=0",
            "WARN circuit_forced_open circuit=by_hand",
            "WARN circuit_disabled circuit=by_hand",
            "INFO circuit_reset circuit=by_hand",
        ]
    );
}

/// In the Python breaker of this project's original specification, reading the state after the cooldown emits an event.
#[tokio::test(start_paused = true)]
async fn reading_the_state_emits_no_event() {
    record();
    let breaker = breaker("looking");
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap().failure();
    advance(breaker.stats().cooldown).await;
    recorded();
    assert_eq!((breaker.state(), breaker.stats().state), (CircuitState::HalfOpen, CircuitState::HalfOpen));
    assert_eq!(recorded(), [""; 0]);
    drop(breaker.try_acquire().unwrap());
    assert_eq!(recorded(), ["INFO circuit_half_open circuit=looking"]);
}

#[circuit(name = "circuit::panics", threshold = 1)]
async fn panics() -> io::Result<()> {
    std::panic::resume_unwind(Box::new("not shown"))
}

#[tokio::test(start_paused = true)]
async fn panic_is_shown_as_the_error() {
    record();
    assert!(tokio::spawn(panics()).await.unwrap_err().is_panic());
    assert_eq!(
        recorded(),
        [
            "DEBUG circuit_failure circuit=circuit::panics duration_ms=0 error=panic",
            "WARN circuit_opened circuit=circuit::panics reason=\"threshold\" failures=1 error=panic",
        ]
    );
}

#[test]
fn circuit_name_is_escaped_in_events() {
    record();
    CircuitBreaker::builder("two\nlines").build().unwrap().reset();
    assert_eq!(recorded(), [r"INFO circuit_reset circuit=two\nlines"]);
}

#[tokio::test(start_paused = true)]
async fn rejection_beside_trial_shows_state_and_wait() {
    record();
    let breaker = breaker("beside_trial");
    breaker.trip();
    advance(breaker.stats().cooldown).await;
    let _trial = breaker.try_acquire().unwrap();
    recorded();
    assert!(breaker.try_acquire().is_err());
    assert_eq!(recorded(), ["DEBUG circuit_rejected circuit=beside_trial state=\"half_open\" retry_after=1"]);
    breaker.force_open();
    recorded();
    assert!(breaker.try_acquire().is_err());
    assert_eq!(recorded(), ["DEBUG circuit_rejected circuit=beside_trial state=\"forced_open\" retry_after=30"]);
}

#[circuit(name = "circuit::blind")]
#[timeout(5)]
async fn hangs() -> io::Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn calls_without_outcome_emit_circuit_blind() {
    record();
    let warnings = || recorded().into_iter().filter(|event| event.contains("circuit_blind")).collect::<Vec<_>>();
    let breaker = CircuitBreaker::builder("blind").build().unwrap();
    let cancel = |number: u32| (0..number).for_each(|_| drop(breaker.try_acquire().unwrap()));
    cancel(19);
    calls(&breaker, ".");
    cancel(19);
    calls(&breaker, "x");
    cancel(19);
    assert_eq!(warnings(), [""; 0], "an outcome came between");
    cancel(1);
    assert_eq!(warnings(), ["WARN circuit_blind circuit=blind calls=20"]);
    cancel(100);
    advance(Duration::from_secs(59)).await;
    cancel(100);
    assert_eq!(warnings(), [""; 0], "once a minute");
    advance(Duration::from_secs(2)).await;
    cancel(1);
    assert_eq!(warnings().len(), 1);

    for _ in 0..20 {
        let _ = deadline(Duration::from_secs(1), hangs()).await;
    }
    assert_eq!(warnings().len(), 1, "calls that a deadline ended, of another circuit");
}

#[tokio::test(start_paused = true)]
async fn hung_is_shown_as_the_error() {
    record();
    let second = Duration::from_secs(1);
    let breaker = CircuitBreaker::builder("hung").threshold(9).hung_after(second).build().unwrap();
    let permit = breaker.try_acquire().unwrap();
    advance(second).await;
    drop(permit);
    assert_eq!(recorded(), ["DEBUG circuit_failure circuit=hung duration_ms=1000 error=hung"]);
}

#[tokio::test(start_paused = true)]
async fn call_without_a_wait_has_a_duration_beside_hung_after() {
    record();
    let breaker = CircuitBreaker::builder("never waits").hung_after(Duration::from_secs(1)).build().unwrap();
    breaker.call(async || Ok::<_, io::Error>(())).await.unwrap();
    assert_eq!(recorded(), ["DEBUG circuit_success circuit=never waits duration_ms=0"]);
}

#[tokio::test(start_paused = true)]
async fn restored_circuits_emit_events() {
    record();
    let json = r#"{"version": 1, "circuits": {
        "events::now": {"state": "open", "cooldown_remaining": 600},
        "events::later": {"state": "disabled"}
    }}"#;
    let register = |name: &'static str| CircuitBreaker::builder(name).cooldown(Duration::from_millis(9_500)).register();
    register("events::now").unwrap();
    restore(serde_json::from_str(json).unwrap()).unwrap();
    assert_eq!(recorded(), ["INFO circuit_restored circuit=events::now state=\"open\" cooldown_remaining=10"]);
    register("events::later").unwrap();
    assert_eq!(recorded(), ["INFO circuit_restored circuit=events::later state=\"disabled\""]);
}
