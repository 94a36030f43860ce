//! Tests changes of a circuit's settings: which setting takes precedence, and which state of the circuit a change
//! keeps.

use std::io;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, CircuitState, KeyedCircuits, check_circuits, circuit, configure, get_circuit, get_circuit_stats,
    get_stats, reset_configuration, testing,
};
use tokio::time::advance;

const SECOND: Duration = Duration::from_secs(1);

#[circuit(name = "configure::order", threshold = 3, cooldown = 10)]
async fn order() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

fn settings(name: &str) -> (u32, Duration) {
    let stats = &get_circuit_stats()[name];
    (stats.threshold, stats.cooldown)
}

#[resilience_runtime::test]
async fn change_precedes_builder_and_attribute_without_a_conflict() {
    configure("configure::order", |circuit| circuit.threshold(7)).unwrap();
    CircuitBreaker::builder("configure::order").threshold(5).cooldown(20 * SECOND).register().unwrap();
    assert_eq!(settings("configure::order"), (7, 20 * SECOND));
    let _ = order().await;
    assert_eq!(settings("configure::order"), (7, 20 * SECOND));
    configure("configure::order", |circuit| circuit.cooldown(SECOND)).unwrap();
    assert_eq!(settings("configure::order"), (7, SECOND), "a change keeps earlier changes of other options");
    configure("configure::order", |circuit| circuit.threshold(9)).unwrap();
    assert_eq!(settings("configure::order"), (9, SECOND), "a later change replaces an earlier change");
    let conflicts = check_circuits().unwrap_err();
    let conflicts = conflicts.iter().filter(|conflict| conflict.name == "configure::order");
    assert_eq!(conflicts.count(), 2, "only the builder contradicts the attribute");
    assert!(testing::events().iter().all(|event| event.field("ignored") != Some("7")));
}

#[resilience_runtime::test]
async fn change_at_one_place_keeps_newer_values_of_other_places() {
    let change = |threshold: Option<u32>, cooldown: Option<Duration>| {
        configure("configure::order", |circuit| match (threshold, cooldown) {
            (Some(threshold), _) => circuit.threshold(threshold),
            (_, Some(cooldown)) => circuit.cooldown(cooldown),
            (None, None) => circuit,
        })
    };
    change(Some(5), None).unwrap();
    change(None, Some(7 * SECOND)).unwrap();
    configure("configure::order", |circuit| circuit.threshold(9)).unwrap();
    change(None, Some(8 * SECOND)).unwrap();
    assert_eq!(settings("configure::order"), (9, 8 * SECOND));
    change(Some(6), None).unwrap();
    assert_eq!(settings("configure::order"), (6, 8 * SECOND));
}

#[circuit(name = "configure::conflict", threshold = 3)]
async fn first() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "configure::conflict", threshold = 5)]
async fn second() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "configure::conflict", key = key, cooldown = 1)]
async fn first_by_key(key: u32) -> io::Result<()> {
    if key == 0 { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
}

#[circuit(name = "configure::conflict", key = key, cooldown = 2)]
async fn second_by_key(key: u32) -> io::Result<()> {
    first_by_key(key).await
}

#[resilience_runtime::test]
async fn first_call_reports_conflicts_after_a_change() {
    configure("configure::conflict", |circuit| circuit.half_open_max(2)).unwrap();
    for _ in 0..2 {
        first().await.unwrap();
        second().await.unwrap();
        first_by_key(1).await.unwrap();
        second_by_key(1).await.unwrap();
    }
    assert_eq!(reported_conflicts(), ["threshold", "key", "cooldown"]);
}

/// Returns the name of the option in each event `circuit_conflict`.
fn reported_conflicts() -> Vec<String> {
    let events = testing::events();
    let conflicts = events.iter().filter(|event| event.name() == "circuit_conflict");
    conflicts.map(|event| event.field("option").unwrap().to_owned()).collect()
}

#[resilience_runtime::test]
async fn get_circuit_is_the_first_use_after_a_change() {
    configure("configure::conflict", |circuit| circuit.half_open_max(2)).unwrap();
    assert_eq!(testing::events(), []);
    let circuit = get_circuit("configure::conflict").unwrap();
    assert_eq!(reported_conflicts(), ["threshold", "key"]);
    let error = CircuitBreaker::builder("configure::conflict").threshold(9).register().unwrap_err();
    assert_eq!((error.option(), circuit.stats().threshold), ("threshold", 3));
    first().await.unwrap();
    assert_eq!(reported_conflicts(), ["threshold", "key"], "each conflict is reported once");
}

#[circuit(name = "configure::count", threshold = 5)]
async fn count() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[resilience_runtime::test]
async fn failures_so_far_count_towards_new_threshold() {
    for _ in 0..3 {
        assert!(count().await.is_err());
    }
    configure("configure::count", |circuit| circuit.threshold(2)).unwrap();
    let circuit = get_circuit("configure::count").unwrap();
    assert_eq!(circuit.state(), CircuitState::Closed, "a change opens no circuit");
    assert!(count().await.is_err());
    assert_eq!(circuit.state(), CircuitState::Open, "the next failure opens the circuit");
}

#[circuit(name = "configure::open", threshold = 1, cooldown = 60)]
async fn open() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[resilience_runtime::test]
async fn open_circuit_stays_open_for_the_new_cooldown() {
    assert!(open().await.is_err());
    advance(5 * SECOND).await;
    configure("configure::open", |circuit| circuit.cooldown(20 * SECOND)).unwrap();
    let circuit = get_circuit("configure::open").unwrap();
    assert_eq!(circuit.stats().cooldown_remaining, 15 * SECOND);
    advance(15 * SECOND).await;
    assert_eq!(circuit.state(), CircuitState::HalfOpen);
    assert_eq!(circuit.stats().total_failed, 1);
}

#[circuit(name = "configure::window", failure_rate = 0.5, window = 60, min_calls = 4)]
async fn window() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[resilience_runtime::test]
async fn window_keeps_its_calls_unless_its_length_changes() {
    for _ in 0..3 {
        assert!(window().await.is_err());
    }
    let stats = || get_circuit("configure::window").unwrap().stats();
    configure("configure::window", |circuit| circuit.failure_rate(0.9)).unwrap();
    assert_eq!(stats().window_failures, 3);
    configure("configure::window", |circuit| circuit.window(30 * SECOND)).unwrap();
    assert_eq!(stats().window_failures, 0);
    assert_eq!(stats().total_failed, 3);
}

#[circuit(name = "configure::rule", threshold = 5)]
async fn rule(succeeds: bool) -> io::Result<()> {
    if succeeds { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[resilience_runtime::test]
async fn count_of_failures_starts_at_zero_under_another_rule() {
    let stats = || get_circuit("configure::rule").unwrap().stats();
    for _ in 0..4 {
        assert!(rule(false).await.is_err());
    }
    configure("configure::rule", |circuit| circuit.calls(20)).unwrap();
    assert_eq!((stats().failures, stats().window_failures), (0, 0));
    for succeeds in [false, false, false, false, true] {
        assert_eq!(rule(succeeds).await.is_ok(), succeeds);
    }
    assert_eq!((stats().failures, stats().window_failures), (4, 4));
    configure("configure::rule", |circuit| circuit.calls(30)).unwrap();
    assert_eq!((stats().failures, stats().window_failures), (0, 0), "the new window is empty");
    for succeeds in [false, false, false, false, true] {
        assert_eq!(rule(succeeds).await.is_ok(), succeeds);
    }
    reset_configuration();
    assert!(rule(false).await.is_err());
    assert_eq!((stats().state, stats().failures), (CircuitState::Closed, 1), "one failure after a success");
}

#[circuit(name = "configure::key", key = key, max_keys = 10, threshold = 1, cooldown = 10)]
async fn by_key(key: u32) -> io::Result<()> {
    if key == 0 { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) }
}

#[resilience_runtime::test]
async fn change_concerns_all_keys() {
    assert!(by_key(0).await.is_err());
    by_key(1).await.unwrap();
    configure("configure::key", |circuit| circuit.threshold(4).cooldown(2 * SECOND).max_keys(3)).unwrap();
    by_key(2).await.unwrap();
    for key in 0..3 {
        assert_eq!(settings(&format!("configure::key[{key}]")), (4, 2 * SECOND), "key {key}");
    }
    assert_eq!(get_stats().families["configure::key"].max_keys, 3);
    assert_eq!(get_circuit("configure::key[0]").unwrap().state(), CircuitState::Open);
}

#[resilience_runtime::test]
async fn keys_above_a_smaller_maximum_are_evicted_later() {
    let circuits = KeyedCircuits::builder("configure::fewer").register().unwrap();
    let in_use: Vec<_> = (0..10).map(|key| circuits.get(key)).collect();
    configure("configure::fewer", |circuit| circuit.max_keys(2)).unwrap();
    assert_eq!(circuits.len(), 10);
    drop(in_use);
    for key in 10..30 {
        circuits.get(key);
        assert!(circuits.find(key).is_some(), "{key}");
    }
    assert_eq!(circuits.len(), 2);
}

#[resilience_runtime::test]
async fn few_keys_keep_the_used_key() {
    let registered = KeyedCircuits::builder("configure::few").max_keys(16).register().unwrap();
    KeyedCircuits::builder("configure::few_later").register().unwrap();
    configure("configure::few_later", |circuit| circuit.max_keys(16)).unwrap();
    let configured = KeyedCircuits::builder("configure::few_later").register().unwrap();
    for circuits in [registered, configured] {
        for key in 1..1000 {
            circuits.get(0);
            circuits.get(key);
            assert!(circuits.find(0).is_some(), "key {key} of {}", circuits.name());
        }
    }
}

#[resilience_runtime::test]
async fn smaller_maximum_keeps_the_used_keys() {
    let circuits = KeyedCircuits::builder("configure::used").max_keys(1024).register().unwrap();
    for key in (0..1024).chain(0..128) {
        circuits.get(key);
    }
    configure("configure::used", |circuit| circuit.max_keys(512)).unwrap();
    assert_eq!(circuits.len(), 512);
    let kept = (0..128).filter(|key| circuits.find(*key).is_some()).count();
    assert!(kept > 115, "{kept} of the 128 used keys");
}

#[resilience_runtime::test]
async fn much_smaller_maximum_evicts_all_idle_keys() {
    for (name, is_in_use) in [("configure::sparse", false), ("configure::sparse_in_use", true)] {
        let circuits = KeyedCircuits::builder(name).max_keys(20_000).register().unwrap();
        let in_use: Vec<_> = (0..20_000).map(|key| circuits.get(key)).filter(|_| is_in_use).collect();
        configure(name, |circuit| circuit.max_keys(2)).unwrap();
        assert_eq!(circuits.len(), if is_in_use { 20_000 } else { 2 });
        drop(in_use);
        for key in 20_000..41_000 {
            circuits.get(key);
            assert!(circuits.find(key).is_some(), "key {key} has a circuit that is kept");
        }
        assert_eq!((circuits.len(), circuits.iter().count()), (2, 2));
    }
}

#[test]
fn registered_circuits_have_settings_and_built_circuits_have_none() {
    let registered = CircuitBreaker::builder("configure::registered").threshold(2).register().unwrap();
    configure("configure::registered", |circuit| circuit.threshold(8)).unwrap();
    assert_eq!(registered.stats().threshold, 8);
    let family = KeyedCircuits::builder("configure::family").threshold(2).register().unwrap();
    let circuit = family.get("one");
    configure("configure::family", |circuit| circuit.threshold(8)).unwrap();
    assert_eq!((circuit.stats().threshold, family.get("two").stats().threshold), (8, 8));
    let built = CircuitBreaker::builder("configure::built").threshold(2).build().unwrap();
    assert_eq!(configure("configure::built", |circuit| circuit.threshold(8)).unwrap_err().option(), "name");
    assert_eq!(built.stats().threshold, 2);
}

#[circuit(name = "configure::rules", threshold = 3)]
async fn rules() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[resilience_runtime::test]
async fn rule_can_change_from_threshold_to_rate() {
    let name = "configure::rules";
    configure(name, |circuit| circuit.failure_rate(0.5).calls(10).min_calls(5)).unwrap();
    assert_eq!(settings(name).0, 0, "a circuit with a rate has no threshold");
    for _ in 0..4 {
        assert!(rules().await.is_err());
    }
    assert_eq!(get_circuit(name).unwrap().state(), CircuitState::Closed);
    assert!(rules().await.is_err());
    assert_eq!(get_circuit(name).unwrap().state(), CircuitState::Open);
}

#[circuit(name = "configure::rules", key = key, threshold = 3)]
async fn rules_by_key(key: u32) -> io::Result<()> {
    let _ = key;
    Err(io::ErrorKind::TimedOut.into())
}

/// Returns the settings of the circuits `configure::rules`. The circuits with and without a key have the same settings.
fn settings_of_rules() -> String {
    let [settings, settings_by_key] = ["rules", "rules_by_key"].map(|function| {
        let layers = testing::describe(&format!("configure::circuits::{function}")).layers;
        let settings = layers[0].settings.iter().map(|(option, value)| format!("{option} {value}"));
        settings.collect::<Vec<_>>().join(", ")
    });
    assert_eq!(settings, settings_by_key);
    settings
}

/// The rule of the earlier changes consists of two parts, and the newer rule replaces one part and excludes the other.
#[resilience_runtime::test]
async fn new_rule_replaces_a_rule_from_two_changes() {
    let name = "configure::rules";
    assert!(rules().await.is_err() && rules_by_key(1).await.is_err());
    configure(name, |circuit| circuit.threshold(8)).unwrap();
    configure(name, |circuit| circuit.window(60 * SECOND)).unwrap();
    configure(name, |circuit| circuit.threshold(9).calls(20)).unwrap();
    assert_eq!(settings_of_rules(), "threshold 9, calls 20");
}

/// The first change also sets an option that the second change does not replace.
#[resilience_runtime::test]
async fn replaced_rule_stays_replaced() {
    let name = "configure::rules";
    assert!(rules().await.is_err() && rules_by_key(1).await.is_err());
    configure(name, |circuit| circuit.threshold(9).calls(15).half_open_max(2)).unwrap();
    configure(name, |circuit| circuit.failure_rate(0.5).min_calls(8).calls(9)).unwrap();
    configure(name, |circuit| circuit.threshold(8)).unwrap();
    assert_eq!(settings_of_rules(), "threshold 8, half_open_max 2");
}

/// The refused change contains a rule that excludes the rule in force, and a cooldown above the `max_cooldown` in force.
#[resilience_runtime::test]
async fn refused_change_keeps_all_earlier_changes() {
    let name = "configure::rules";
    assert!(rules().await.is_err() && rules_by_key(1).await.is_err());
    configure(name, |circuit| circuit.threshold(9).calls(15)).unwrap();
    configure(name, |circuit| circuit.max_cooldown(40 * SECOND)).unwrap();
    let before = settings_of_rules();
    let refused = configure(name, |circuit| circuit.threshold(8).window(SECOND).cooldown(60 * SECOND));
    assert_eq!(refused.unwrap_err().option(), "max_cooldown");
    assert_eq!(settings_of_rules(), before);
    configure(name, |circuit| circuit.calls(20)).unwrap();
    assert_eq!(settings_of_rules(), "threshold 9, calls 20, max_cooldown 40s");
}

#[resilience_runtime::test]
async fn reset_returns_to_the_written_options() {
    configure("configure::order", |circuit| circuit.threshold(7)).unwrap();
    configure("configure::key", |circuit| circuit.threshold(7)).unwrap();
    let _ = by_key(1).await;
    reset_configuration();
    assert_eq!(settings("configure::order"), (3, 10 * SECOND));
    assert_eq!(settings("configure::key[1]"), (1, 10 * SECOND));
}
