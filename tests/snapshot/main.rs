//! Tests the feature `serde`: the serialized statistics, and the functions `snapshot` and `restore`.

#![expect(clippy::await_holding_lock, reason = "each test has a runtime of its own, with one thread")]

mod circuit;
mod forged;
mod keys;
mod lockstep;
mod python;
mod rate_limit;
mod stats;
mod waiting;

use std::sync::{Mutex, MutexGuard, PoisonError};

use resilience_runtime::{Restored, Snapshot, restore, snapshot};
use serde_json::{Value, json};

/// Prevents two tests from restoring snapshots at the same time. If a restored circuit does not exist yet, its state
/// waits for the circuit. The next restoration drops all waiting states, even those of another test.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes a snapshot, and returns the state of the circuit or rate limit `name` in JSON. `kind` is a field of the
/// snapshot, such as `circuits`.
fn taken(kind: &str, name: &str) -> Value {
    let mut all = serde_json::to_value(snapshot()).unwrap();
    all[kind][name].take()
}

/// Returns the JSON of a snapshot with one state.
fn with_one(kind: &str, name: &str, state: &Value) -> Value {
    json!({ "version": 1, kind: { name: state } })
}

fn restored(json: &Value) -> Restored {
    restore(serde_json::from_str::<Snapshot>(&json.to_string()).unwrap()).unwrap()
}
