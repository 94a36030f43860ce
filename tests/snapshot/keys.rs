//! Tests circuits with the option `key` that restore a snapshot.

use resilience_runtime::{CircuitState, KeyedCircuits, circuit};
use serde_json::json;

use crate::{alone, restored, taken, with_one};

fn family(name: &'static str, max_keys: u32) -> KeyedCircuits {
    KeyedCircuits::builder(name).threshold(2).max_keys(max_keys).register().unwrap()
}

#[tokio::test(start_paused = true)]
async fn keys_continue_and_new_keys_are_left_out() {
    let _alone = alone();
    let old = family("keys old", 9);
    for (key, failures) in [("open", 2), ("failing", 1), ("new", 0)] {
        (0..failures).for_each(|_| old.get(key).try_acquire().unwrap().failure());
        old.get(key);
    }
    old.get("k".repeat(200)).trip();
    let states = taken("keyed_circuits", "keys old");
    let keys: Vec<_> = states.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["failing", "open"], "another process shortens a long key to another text");

    let new = family("keys new", 9);
    assert_eq!(restored(&with_one("keyed_circuits", "keys new", &states)).restored, 2);
    assert_eq!(new.find("open").unwrap().state(), CircuitState::Open);
    assert_eq!(new.find("failing").unwrap().stats().failures, 1);
    assert_eq!(new.len(), 2);
}

#[test]
fn keys_beyond_max_keys_are_dropped_and_open_ones_come_first() {
    let _alone = alone();
    let new = family("keys few", 3);
    let mut states = json!({});
    for key in 0..9 {
        states[key.to_string()] = json!({ "state": if key < 6 { "closed" } else { "open" }, "failures": 1 });
    }
    let report = restored(&with_one("keyed_circuits", "keys few", &states));
    assert_eq!((report.restored, report.waiting, report.dropped), (3, 0, 6));
    assert!((6..9).all(|key| new.find(key).is_some()));
    assert_eq!(new.len(), 3);
}

#[test]
fn key_of_any_text_finds_its_circuit() {
    let _alone = alone();
    let (old, new) = (family("keys texts", 9), family("keys other texts", 9));
    let keys = ["", "a]b[", "日本", "a,b", "two\nlines", "\"quoted\""];
    for key in keys {
        old.get(key).force_open();
    }
    old.get(("a", 7)).force_open();
    let states = taken("keyed_circuits", "keys texts");
    assert_eq!(restored(&with_one("keyed_circuits", "keys other texts", &states)).restored, 7);
    assert!(keys.iter().all(|key| new.get(key).state() == CircuitState::ForcedOpen));
    assert_eq!(new.get(("a", 7)).state(), CircuitState::ForcedOpen);
    assert_eq!(taken("keyed_circuits", "keys other texts"), states);
}

#[circuit(name = "keys declared", key = tenant, threshold = 1)]
fn ask(tenant: &str) -> std::io::Result<usize> {
    Ok(tenant.len())
}

#[test]
fn keys_of_attribute_continue_before_its_first_call() {
    let _alone = alone();
    let state = json!({ "acme": { "state": "forced_open" } });
    assert_eq!(restored(&with_one("keyed_circuits", "keys declared", &state)).restored, 1);
    assert!(ask("acme").is_err() && ask("other").is_ok());
}
