//! Tests restored states that wait until their circuit is created.

use std::io;
use std::sync::{Arc, Mutex};

use resilience_runtime::{
    CircuitBreaker, CircuitState, KeyedCircuits, circuit, get_circuit, get_circuit_stats, presets, reset_all_circuits,
    snapshot,
};
use serde_json::{Value, json};
use support::seconds;
use tokio::time::advance;
use tracing::subscriber::set_default;
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::{Layer, registry};

use crate::{alone, restored, taken, with_one};

#[tokio::test(start_paused = true)]
async fn circuit_takes_waiting_state_when_it_is_created() {
    let _alone = alone();
    let open = json!({ "state": "open", "cooldown_remaining": 600, "failures": 7 });
    let report = restored(&with_one("circuits", "waiting created", &open));
    assert_eq!((report.restored, report.waiting), (0, 1));
    assert!(!get_circuit_stats().contains_key("waiting created"));
    advance(seconds(100)).await;
    assert_eq!(taken("circuits", "waiting created")["cooldown_remaining"], 500, "a snapshot keeps a waiting state");

    let builder = CircuitBreaker::builder("waiting created").cooldown(seconds(900)).threshold(9);
    let stats = builder.register().unwrap().stats();
    assert_eq!((stats.state, stats.cooldown_remaining), (CircuitState::Open, seconds(500)));
    assert_eq!((stats.failures, stats.threshold), (7, 9));
}

/// Takes a snapshot at the first event `circuit_restored`, before `restore` returns.
#[derive(Clone, Default)]
struct SnapshotWithin(Arc<Mutex<Option<Value>>>);

impl<S: Subscriber> Layer<S> for SnapshotWithin {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().name() == "circuit_restored" {
            self.0.lock().unwrap().get_or_insert_with(|| serde_json::to_value(snapshot()).unwrap());
        }
    }
}

#[circuit(name = "waiting a", threshold = 3)]
fn not_called() -> io::Result<()> {
    Ok(())
}

#[test]
fn snapshot_within_a_restoration_has_all_restored_states() {
    let _alone = alone();
    let (circuit, keyed) = ("waiting b", "waiting c");
    CircuitBreaker::builder(circuit).register().unwrap();
    KeyedCircuits::builder(keyed).register().unwrap();
    let open = json!({ "state": "forced_open", "failures": 0 });
    let states = json!({
        "version": 1, "circuits": { "waiting a": open, circuit: open }, "keyed_circuits": { keyed: { "key": open } },
    });
    let within = SnapshotWithin::default();
    let subscriber = set_default(registry().with(within.clone()));
    assert_eq!(restored(&states).restored, 3);
    drop(subscriber);
    let found = within.0.lock().unwrap().take().unwrap();
    assert_eq!((&found["circuits"][circuit], &found["keyed_circuits"][keyed]["key"]), (&open, &open));
    assert!(not_called().is_err());
}

#[test]
fn snapshot_leaves_out_waiting_states_that_decide_nothing() {
    let _alone = alone();
    let state =
        |failures: u32| json!({ "state": "closed", "failures": failures, "last_success": "2026-01-01T00:00:00+00:00" });
    let states = json!({ "version": 1, "circuits": { "waiting idle": state(0), "waiting failing": state(2) } });
    assert_eq!(restored(&states).waiting, 2);
    assert_eq!(taken("circuits", "waiting idle"), Value::Null);
    assert_eq!(taken("circuits", "waiting failing")["failures"], 2);
}

#[tokio::test(start_paused = true)]
async fn window_of_waiting_state_expires() {
    let _alone = alone();
    let window = json!({ "bucket": 10, "elapsed": 0, "counts": [[0, 1, 0], [0, 2, 0], [4, 0, 0]] });
    restored(&with_one("circuits", "waiting window", &json!({ "state": "closed", "window": window })));
    advance(seconds(95)).await;
    let builder = CircuitBreaker::builder("waiting window").threshold(9).window(seconds(100));
    let stats = builder.register().unwrap().stats();
    assert_eq!((stats.window_total, stats.window_failures), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn keys_take_waiting_states_under_max_keys_of_builder() {
    let _alone = alone();
    let mut states = json!({});
    (0..10_009).for_each(|key| states[key.to_string()] = json!({ "state": "open", "cooldown_remaining": 9 }));
    assert_eq!(restored(&with_one("keyed_circuits", "waiting keys", &states)).waiting, 10_009);
    assert_eq!(taken("keyed_circuits", "waiting keys").as_object().unwrap().len(), 10_009);
    let family = KeyedCircuits::builder("waiting keys").max_keys(10_005).register().unwrap();
    assert_eq!(family.len(), 10_005);
    assert!(family.iter().all(|circuit| circuit.state() == CircuitState::Open));
    assert_eq!(restored(&json!({ "version": 1 })).waiting, 0);
}

#[test]
fn further_restoration_drops_waiting_states() {
    let _alone = alone();
    restored(&with_one("circuits", "waiting dropped", &json!({ "state": "forced_open" })));
    restored(&with_one("circuits", "waiting other", &json!({ "state": "forced_open" })));
    assert_eq!(taken("circuits", "waiting dropped"), Value::Null);
    let breaker = |name: &'static str| CircuitBreaker::builder(name).register().unwrap();
    assert_eq!(breaker("waiting dropped").state(), CircuitState::Closed);
    assert_eq!(breaker("waiting other").state(), CircuitState::ForcedOpen);
}

#[test]
fn preset_takes_waiting_state() {
    let _alone = alone();
    restored(&with_one("circuits", "qdrant", &json!({ "state": "open", "cooldown_remaining": 50 })));
    let stats = presets::qdrant_circuit().stats();
    assert_eq!((stats.state, stats.cooldown), (CircuitState::Open, seconds(60)));
    assert!(stats.cooldown_remaining > seconds(40), "the default cooldown would be shorter");
}

#[test]
fn reset_drops_waiting_states() {
    let _alone = alone();
    restored(&with_one("circuits", "waiting reset", &json!({ "state": "forced_open" })));
    reset_all_circuits();
    let breaker = CircuitBreaker::builder("waiting reset").register().unwrap();
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[circuit(name = "waiting declared", threshold = 4)]
fn ask() -> std::io::Result<()> {
    Ok(())
}

#[test]
fn declared_circuit_does_not_wait_and_builder_still_sets_options() {
    let _alone = alone();
    let open = json!({ "state": "open", "cooldown_remaining": 9 });
    assert_eq!(restored(&with_one("circuits", "waiting declared", &open)).restored, 1);
    assert_eq!(get_circuit_stats()["waiting declared"].state, CircuitState::Open);
    let breaker = CircuitBreaker::builder("waiting declared").threshold(6).register().unwrap();
    assert_eq!((breaker.stats().threshold, breaker.state()), (6, CircuitState::Open));
    assert!(ask().is_err());
}

#[circuit(name = "waiting used", threshold = 4)]
fn used() -> std::io::Result<()> {
    Ok(())
}

#[test]
fn get_circuit_is_the_first_use_of_a_restored_circuit() {
    let _alone = alone();
    let failed = json!({ "state": "closed", "failures": 3 });
    assert_eq!(restored(&with_one("circuits", "waiting used", &failed)).restored, 1);
    assert_eq!(get_circuit("waiting used").unwrap().stats().failures, 3);
    let error = CircuitBreaker::builder("waiting used").threshold(6).register().unwrap_err();
    assert_eq!(error.option(), "threshold");
    used().unwrap();
}
