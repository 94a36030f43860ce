//! Tests `unregister`, which removes a circuit from the registry (the list of all named circuits). `unregister` keeps
//! circuits that attributes declare.

use std::io;

use resilience_runtime::{CircuitBreaker, circuit, get_circuit, get_circuit_stats, presets, unregister};

fn register(name: String, threshold: u32) -> CircuitBreaker {
    CircuitBreaker::builder(name).threshold(threshold).register().unwrap()
}

#[test]
fn unregistered_circuit_is_no_longer_found() {
    let name = format!("unregister::tenant {}", 7);
    let breaker = register(name.clone(), 1);
    assert!(unregister(&name));
    assert!(get_circuit(&name).is_none() && !get_circuit_stats().contains_key(&name));
    assert!(!unregister(&name), "the name is unknown now");
    breaker.try_acquire().unwrap().failure();
    assert!(breaker.try_acquire().is_err(), "the handle goes on working");

    let next = register(name.clone(), 5);
    assert_eq!((next.stats().threshold, next.stats().total_failed), (5, 0), "a new circuit with other settings");
    assert!(get_circuit(&name).is_some());
}

#[test]
fn unknown_name_is_not_unregistered() {
    assert!(!unregister("unregister::nobody"));
    assert!(!unregister(""));
}

#[circuit(name = "unregister::declared")]
async fn declared() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "unregister::family", key = key)]
async fn family(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[tokio::test]
async fn circuits_of_attributes_stay() {
    assert!(!unregister("unregister::declared"), "before the first call");
    get_circuit("unregister::declared").unwrap();
    assert!(!unregister("unregister::declared"), "before the first call, although the circuit exists");
    declared().await.unwrap();
    family(7).await.unwrap();
    for name in ["unregister::declared", "unregister::family", "unregister::family[7]"] {
        assert!(!unregister(name), "{name}");
    }
    assert_eq!(get_circuit("unregister::declared").unwrap().stats().total_succeeded, 1);
    assert_eq!(get_circuit("unregister::family[7]").unwrap().stats().total_succeeded, 1);
}

#[test]
fn circuit_of_preset_can_be_unregistered() {
    let breaker = presets::exa_circuit();
    assert!(unregister(breaker.name()));
    assert!(get_circuit(breaker.name()).is_none());
}
