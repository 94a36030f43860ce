//! Tests the names of circuits. A name belongs either to a single circuit, or to a family of circuits with different
//! keys. A circuit without a key must not have a name that ends in brackets, such as `name[key]`.

use std::io;

use resilience_runtime::{
    CircuitBreaker, CircuitConflict, check_circuits, circuit, configure, get_circuit, get_circuit_stats, presets,
};

fn conflicts_of(name: &str) -> Vec<CircuitConflict> {
    let mut found = check_circuits().expect_err("this file declares conflicts");
    found.retain(|conflict| conflict.name == name);
    found
}

#[circuit(name = "names::price", key = tenant, threshold = 2)]
async fn price(tenant: &str) -> io::Result<()> {
    if tenant == "down" { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
}

#[tokio::test]
async fn register_of_keyed_name_fails() {
    let register = || CircuitBreaker::builder("names::price").threshold(9).register().unwrap_err();
    let message = register().to_string();
    assert!(
        message.starts_with(
            "`name` is \"names::price\", but must be a name without keys: circuits with keys have this one from tests/registry/names.rs:"
        ),
        "{message}"
    );
    price("well").await.unwrap();
    assert_eq!(register().option(), "name");
    let names: Vec<_> = get_circuit_stats().into_keys().filter(|name| name.starts_with("names::price")).collect();
    assert_eq!(names, ["names::price[well]"], "the refused builder left no circuit");
    assert!(get_circuit("names::price").is_none());
}

#[test]
fn built_breaker_may_have_keyed_name() {
    CircuitBreaker::builder("names::price").threshold(9).build().expect("it is not in the registry");
}

#[circuit(name = "names::both", threshold = 1)]
async fn without_key(works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[circuit(name = "names::both", key = key, threshold = 2)]
async fn with_key(key: u32, works: bool) -> io::Result<()> {
    let _ = key;
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[tokio::test]
async fn circuit_and_family_of_one_name_conflict() {
    let expect_conflict = || {
        let conflicts = conflicts_of("names::both");
        let [conflict] = &conflicts[..] else { panic!("{conflicts:?}") };
        assert_eq!((conflict.option, &conflict.values), ("key", &["absent".to_owned(), "present".to_owned()]));
        let [here, there] = &conflict.places;
        assert_eq!(
            conflict.to_string(),
            format!("circuit 'names::both': `key` is absent at {here}, but present at {there}")
        );
    };
    expect_conflict();
    with_key(1, false).await.unwrap_err();
    without_key(false).await.unwrap_err();
    with_key(1, true).await.expect("one failure of two");
    without_key(true).await.unwrap_err();
    expect_conflict();
    let names: Vec<_> = get_circuit_stats().into_keys().filter(|name| name.starts_with("names::both")).collect();
    assert_eq!(names, ["names::both", "names::both[1]"], "each function has its own circuit");
}

#[circuit(name = "names::refused", threshold = 4, calls = 10)]
async fn refused_without_key() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "names::refused", key = key, failure_rate = 0.5, min_calls = 8, calls = 10)]
async fn refused_with_key(key: u32) -> io::Result<u32> {
    Ok(key)
}

#[tokio::test]
async fn refused_change_changes_neither_circuit_nor_family() {
    for _ in 0..10 {
        refused_without_key().await.unwrap();
        refused_with_key(1).await.unwrap();
    }
    let error = configure("names::refused", |circuit| circuit.calls(5)).unwrap_err();
    assert_eq!(error.option(), "min_calls", "only the circuits with keys have this option");
    let stats = get_circuit_stats();
    assert_eq!((stats["names::refused"].window_total, stats["names::refused[1]"].window_total), (10, 10));
}

#[circuit(name = "exa_api", key = key)]
async fn key_over_a_preset(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[tokio::test]
async fn preset_of_keyed_name_conflicts() {
    assert_eq!(presets::exa_circuit().stats().threshold, 3);
    key_over_a_preset(1).await.unwrap();
    let conflicts = conflicts_of("exa_api");
    let [conflict] = &conflicts[..] else { panic!("{conflicts:?}") };
    assert_eq!((conflict.option, &conflict.values), ("key", &["present".to_owned(), "absent".to_owned()]));
    assert_eq!(conflict.places[1], "a preset");
}

#[test]
fn name_that_ends_like_a_key_is_refused() {
    for name in ["names::shard[7]", "[]", "a[b]c]", "[ ]"] {
        let builder = CircuitBreaker::builder(name);
        let error = builder.clone().build().unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("`name` is {name:?}, but must be a name that does not end like `name[key]`, the name of a key")
        );
        assert_eq!(builder.register().unwrap_err(), error);
        assert!(get_circuit(name).is_none());
    }
    for name in ["names::a]", "names::a[", "names::[b]c", "names::]["] {
        CircuitBreaker::builder(name).register().unwrap();
        assert!(get_circuit(name).is_some(), "{name}");
    }
}

#[circuit(name = "names::outer", key = key)]
async fn any_key(key: &str) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[tokio::test]
async fn key_with_brackets_is_found_by_its_name() {
    for key in ["[", "]", "[]", "a[b]", "a]b[c"] {
        any_key(key).await.unwrap();
        let name = format!("names::outer[{key}]");
        assert_eq!(get_circuit(&name).unwrap().name(), name);
        assert!(get_circuit_stats().contains_key(&name), "{name}");
    }
}
