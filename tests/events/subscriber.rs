//! Tests subscribers that call the library, or that panic, while they receive an event of the library.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::future::ready;
use std::io;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, CircuitState, Rejection, RetryPolicy, check, circuit, fallback, get_circuit, get_circuit_stats,
    get_stats, presets, retry,
};
use tokio::time::advance;

use crate::recorder::{record_and, recorded};

#[circuit(name = "subscriber::reentrant", threshold = 1)]
async fn reentrant() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn subscriber_may_call_breaker_and_sees_new_state() {
    record_and(|event| {
        if event.metadata().name() == "circuit_opened" {
            assert_eq!(get_circuit_stats()["subscriber::reentrant"].total_opened, 1);
            let breaker = get_circuit("subscriber::reentrant").unwrap();
            assert!(breaker.try_acquire().is_err(), "the state is published before its event");
            breaker.reset();
        }
    });
    assert!(reentrant().await.is_err());
    assert_eq!(
        recorded(),
        [
            "DEBUG circuit_failure circuit=subscriber::reentrant duration_ms=0 error=timed out",
            "WARN circuit_opened circuit=subscriber::reentrant reason=\"threshold\" failures=1 error=timed out",
            "DEBUG circuit_rejected circuit=subscriber::reentrant cooldown_remaining=30",
            "INFO circuit_reset circuit=subscriber::reentrant",
        ]
    );
    assert_eq!(get_circuit("subscriber::reentrant").unwrap().state().as_str(), "closed");
}

/// Defines two functions whose attributes set the `threshold` of one circuit to different values.
macro_rules! conflict {
    ($name:literal, $first:ident, $second:ident $(, $key:ident)?) => {
        #[circuit(name = $name, threshold = 1 $(, key = $key, max_keys = 1)?)]
        #[allow(dead_code)]
        async fn $first($($key: u8)?) -> io::Result<()> {
            Ok(())
        }

        #[circuit(name = $name, threshold = 2 $(, key = $key)?)]
        #[allow(dead_code)]
        async fn $second($($key: u8)?) -> io::Result<()> {
            Ok(())
        }
    };
}

conflict!("subscriber::called", called, called_too);
conflict!("subscriber::found", found, found_too);
conflict!("subscriber::built", built, built_too);
conflict!("firebase", preset, preset_too);
conflict!("subscriber::keyed", keyed, keyed_too, key);

#[test]
fn subscriber_may_call_registry_while_it_reports() {
    let (sender, events) = mpsc::channel();
    thread::spawn(move || {
        record_and(|event| {
            if matches!(event.metadata().name(), "circuit_conflict" | "keys_full") {
                let _ = (get_stats(), check(), get_circuit("subscriber::other"));
                CircuitBreaker::builder("subscriber::other").register().unwrap();
            }
        });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(called()).unwrap();
        get_circuit("subscriber::found").unwrap();
        CircuitBreaker::builder("subscriber::built").register().unwrap();
        presets::firebase_circuit();
        runtime.block_on(async {
            keyed(1).await.unwrap();
            let running = get_circuit("subscriber::keyed[1]").unwrap();
            let _call = running.try_acquire().unwrap();
            keyed(2).await.unwrap();
        });
        sender.send(recorded()).unwrap();
    });
    // If the library held a lock during an event, the other thread would never finish.
    let lines = events.recv_timeout(Duration::from_secs(30)).expect("the library holds no lock during an event");
    let events: BTreeSet<_> =
        lines.iter().filter_map(|line| line.strip_prefix("WARN ")?.split(" option=").next()).collect();
    let names = ["firebase", "subscriber::built", "subscriber::called", "subscriber::found", "subscriber::keyed"];
    let conflicts = names.map(|name| format!("circuit_conflict circuit={name}"));
    let full = "keys_full circuit=subscriber::keyed max_keys=1";
    assert_eq!(events, conflicts.iter().map(String::as_str).chain([full]).collect());
}

#[tokio::test(start_paused = true)]
async fn panicking_subscriber_frees_the_permit() {
    let breaker = CircuitBreaker::builder("subscriber_panics").threshold(2).build().unwrap();
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap().failure();
    advance(Duration::from_secs(30)).await;
    record_and(|event| {
        if event.metadata().name() == "circuit_half_open" {
            std::panic::resume_unwind(Box::new("a subscriber"));
        }
    });
    let trial = std::panic::catch_unwind(|| breaker.try_acquire().map(drop));
    assert!(trial.is_err());
    assert_eq!(breaker.stats().total_cancelled, 1);
    breaker.try_acquire().expect("the permit is free again").success();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[circuit(name = "subscriber::both_panic", threshold = 1)]
async fn both_panic() -> io::Result<()> {
    std::panic::resume_unwind(Box::new("the body"))
}

#[tokio::test(start_paused = true)]
async fn panicking_subscriber_beside_panicking_body_does_not_abort() {
    record_and(|event| {
        if event.metadata().name() == "circuit_failure" {
            std::panic::resume_unwind(Box::new("a subscriber"));
        }
    });
    let panic = tokio::spawn(both_panic()).await.unwrap_err().into_panic();
    assert_eq!(panic.downcast_ref(), Some(&"the body"), "the panic of the body propagates");
    assert_eq!(get_circuit("subscriber::both_panic").unwrap().state(), CircuitState::Open);
}

/// An error that can contain a rejection, but does not implement `std::error::Error`.
#[derive(Debug)]
struct Hidden {
    _by: Option<Rejection>,
}

impl From<Rejection> for Hidden {
    fn from(rejection: Rejection) -> Self {
        Self { _by: Some(rejection) }
    }
}

thread_local! {
    static KEPT: RefCell<Vec<Hidden>> = const { RefCell::new(Vec::new()) };
}

/// A function that the event subscriber calls. The test forces the circuit of this function open.
#[circuit(name = "subscriber::sink")]
fn sink() -> Result<(), Hidden> {
    Ok(())
}

#[retry(delay = 0)]
fn sink_that_is_down() -> Result<(), Hidden> {
    Err(Hidden { _by: None })
}

#[circuit(with = lower)]
fn lower(lower: &CircuitBreaker) -> Result<(), Hidden> {
    Err(Hidden { _by: None })
}

#[circuit(with = upper)]
fn upper(upper: &CircuitBreaker, below: &CircuitBreaker) -> Result<(), Hidden> {
    lower(below)
}

#[tokio::test]
async fn calls_of_subscriber_do_not_change_outcome_of_body() {
    get_circuit("subscriber::sink").unwrap().force_open();
    record_and(|event| {
        if event.metadata().name() == "circuit_failure" {
            KEPT.with_borrow_mut(|kept| kept.push(sink().unwrap_err()));
            sink_that_is_down().unwrap_err();
        }
    });
    let circuit = |name| CircuitBreaker::builder(name).threshold(99).build().unwrap();
    let (above, below) = (circuit("subscriber::above"), circuit("subscriber::below"));
    upper(&above, &below).unwrap_err();
    assert_eq!((above.stats().total_failed, above.stats().total_ignored), (1, 0));

    let policy = RetryPolicy::builder().delay(Duration::ZERO).build().unwrap();
    policy.call(|| ready(lower(&below))).await.unwrap_err();
    assert_eq!(below.stats().total_failed, 4, "the calls of the subscriber end no retry");
    assert_eq!(KEPT.take().len(), 5);
}

#[circuit(name = "subscriber::trial", threshold = 1, cooldown = 1)]
#[fallback(|_| Ok(()))]
#[retry(max = 2, delay = 0)]
async fn falls_back() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn calls_of_subscriber_below_trial_belong_to_the_trial() {
    record_and(|event| {
        if ["retry_attempt", "retry_exhausted", "fell_back"].contains(&event.metadata().name()) {
            get_circuit("subscriber::trial").unwrap().try_acquire().unwrap().success();
        }
    });
    let circuit = get_circuit("subscriber::trial").unwrap();
    circuit.trip();
    advance(Duration::from_secs(1)).await;
    falls_back().await.unwrap();
    assert_eq!((circuit.stats().total_succeeded, circuit.stats().total_rejected), (4, 0));
}
