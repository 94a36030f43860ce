//! Tests circuits whose options come from several attributes, builders or presets (ready-made circuits). Also tests the
//! list of all circuits, breakers that several functions share, and conflicting options.

use std::io;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, CircuitConflict, CircuitState, check_circuits, circuit, get_circuit, get_circuit_stats, presets,
};

fn builder(name: &'static str) -> resilience_runtime::CircuitBuilder {
    CircuitBreaker::builder(name)
}

fn listed(name: &str) -> Option<(u32, u64)> {
    get_circuit_stats().get(name).map(|stats| (stats.threshold, stats.cooldown.as_secs()))
}

fn conflicts_of(name: &str) -> Vec<CircuitConflict> {
    let mut found = check_circuits().expect_err("this file declares conflicts");
    found.retain(|conflict| conflict.name == name);
    found
}

#[circuit(name = "declared::shared", threshold = 2)]
async fn left(answer: io::Result<u32>) -> io::Result<u32> {
    answer
}

#[circuit(name = "declared::shared")]
async fn right(answer: io::Result<u32>) -> io::Result<u32> {
    answer
}

fn down() -> io::Error {
    io::Error::other("down")
}

#[tokio::test]
async fn functions_of_one_name_share_one_breaker() {
    assert!(left(Err(down())).await.is_err());
    assert!(right(Err(down())).await.is_err());
    let rejection = left(Ok(1)).await.unwrap_err().to_string();
    assert_eq!(rejection, "Circuit 'declared::shared' is open. Retry in 30s");
    assert!(right(Ok(1)).await.is_err());
}

struct Generic<const N: usize>;

impl<const N: usize> Generic<N> {
    #[circuit(name = "declared::generic", threshold = 4)]
    async fn never_called<T>(&self, _: T) -> io::Result<usize> {
        Ok(N)
    }
}

trait Search {
    #[circuit(name = "declared::default_method", threshold = 5)]
    async fn search(&self) -> io::Result<u32> {
        Ok(1)
    }
}

impl<const N: usize> Search for Generic<N> {}

#[tokio::test]
async fn circuit_is_listed_before_first_call() {
    let never = Generic::<3>;
    drop(never.never_called(()));
    drop(never.search());
    assert_eq!(listed("declared::generic"), Some((4, 30)));
    assert_eq!(listed("declared::default_method"), Some((5, 30)));
    assert_eq!(listed("declared::unknown"), None);
}

#[circuit(name = "declared::found", threshold = 1, cooldown = "500ms", half_open_max = 2, trial_timeout = "1m")]
async fn found() -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn get_circuit_before_first_call_returns_called_breaker() {
    let breaker = get_circuit("declared::found").unwrap();
    breaker.try_acquire().unwrap().failure();
    assert!(found().await.is_err());
    tokio::time::advance(Duration::from_millis(500)).await;
    found().await.unwrap();
    assert_eq!(breaker.state(), CircuitState::HalfOpen, "one of the two successes that close it");
    found().await.unwrap();
    assert_eq!(breaker.state(), CircuitState::Closed);
    assert!(get_circuit("declared::unknown").is_none());
}

#[circuit(name = "declared::joined")]
async fn joins_what_is_there() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn absent_option_takes_value_declared_elsewhere() {
    joins_what_is_there().await.unwrap();
    assert_eq!(listed("declared::joined"), Some((3, 30)), "the defaults, until a value is written");
    builder("declared::joined").threshold(7).register().unwrap();
    assert_eq!(listed("declared::joined"), Some((7, 30)));
    builder("declared::joined").cooldown(Duration::from_secs(60)).register().unwrap();
    assert_eq!(listed("declared::joined"), Some((7, 60)));
    let error = builder("declared::joined").cooldown(Duration::from_secs(61)).register().unwrap_err();
    assert_eq!((error.option(), error.value()), ("cooldown", "61s"));
}

#[test]
fn second_register_with_another_value_fails() {
    let first = builder("declared::twice").threshold(2).register().unwrap();
    let again = builder("declared::twice").threshold(2).register().unwrap();
    again.try_acquire().unwrap().failure();
    assert_eq!(first.stats().failures, 1, "the same breaker");

    let error = builder("declared::twice").threshold(3).half_open_max(9).register().unwrap_err();
    let (line, message) = (line!() - 1, error.to_string());
    assert!(
        message.starts_with(
            "`threshold` is 3, but must be 2, which circuit 'declared::twice' has from tests/registry/declared.rs:"
        ),
        "{message}"
    );
    assert!(!message.contains(&format!(":{line}:")), "the message names the place of the first value: {message}");
    assert_eq!(listed("declared::twice"), Some((2, 30)));
    builder("declared::twice").half_open_max(4).register().expect("the refused builder left no value");
}

#[circuit(name = "declared::left_out", cooldown = 40)]
async fn keeps_cooldown() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "declared::left_out", max_cooldown = 20)]
async fn loses_max_cooldown() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "declared::left_out of rule", threshold = 3)]
async fn keeps_threshold() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "declared::left_out of rule", failure_rate = 0.5, min_calls = 5, calls = 10)]
async fn loses_rate() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "declared::left_out of rule", threshold = 3, calls = 20)]
async fn sets_calls() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn option_that_was_left_out_conflicts_with_no_other() {
    let shown = |conflict: &CircuitConflict| (conflict.option, conflict.values.clone());
    keeps_threshold().await.unwrap();
    loses_rate().await.unwrap();
    sets_calls().await.unwrap();
    let conflicts = conflicts_of("declared::left_out of rule");
    let rate = ("failure_rate", ["absent", "0.5"].map(str::to_owned));
    assert_eq!(conflicts.iter().map(shown).collect::<Vec<_>>(), [rate]);

    keeps_cooldown().await.unwrap();
    loses_max_cooldown().await.unwrap();
    let builder = |seconds| builder("declared::left_out").max_cooldown(Duration::from_secs(seconds)).register();
    assert_eq!(builder(20).unwrap_err().option(), "max_cooldown");
    builder(100).expect("no attribute has a `max_cooldown` in force");
    let conflicts = conflicts_of("declared::left_out");
    let max = ("max_cooldown", ["at least 40s", "20s"].map(str::to_owned));
    assert_eq!(conflicts.iter().map(shown).collect::<Vec<_>>(), [max]);
}

#[circuit(name = "declared::both", threshold = 3, cooldown = 10)]
async fn threshold_and_cooldown() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "declared::both", failure_rate = 0.5, min_calls = 3, calls = 10, cooldown = 20)]
async fn rate_and_cooldown() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn option_without_effect_is_reported_beside_a_value_that_differs() {
    threshold_and_cooldown().await.unwrap();
    rate_and_cooldown().await.unwrap();
    let conflicts = conflicts_of("declared::both");
    let options: Vec<_> = conflicts.iter().map(|conflict| (conflict.option, conflict.values[1].as_str())).collect();
    assert_eq!(options, [("cooldown", "20s"), ("failure_rate", "0.5")]);
}

#[circuit(name = "declared::never_in_force", cooldown = 1)]
async fn one_second() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "declared::never_in_force", cooldown = "1s", threshold = 1)]
async fn one_second_again() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "declared::never_in_force", cooldown = 1.5)]
async fn one_and_a_half() -> io::Result<()> {
    Ok(())
}

#[test]
fn check_circuits_finds_conflict_before_first_call() {
    drop((one_second(), one_second_again(), one_and_a_half()));
    let conflicts = conflicts_of("declared::never_in_force");
    assert_eq!(conflicts.len(), 1, "equal values are no conflict: {conflicts:?}");
    let CircuitConflict { option, values, places, .. } = &conflicts[0];
    assert_eq!((*option, values), ("cooldown", &["1s".to_owned(), "1.5s".to_owned()]));
    assert!(places.iter().all(|place| place.starts_with("tests/registry/declared.rs:")), "{places:?}");
    let [here, there] = places;
    assert_eq!(
        conflicts[0].to_string(),
        format!("circuit 'declared::never_in_force': `cooldown` is 1s at {here}, but 1.5s at {there}")
    );
}

#[circuit(name = "firebase", threshold = 9)]
async fn over_the_preset() -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn written_value_overrides_preset_in_either_order() {
    presets::register();
    over_the_preset().await.unwrap();
    assert_eq!(listed("firebase"), Some((9, 60)), "the preset provides the values that are not written");

    builder("qdrant").cooldown(Duration::from_secs(5)).register().unwrap();
    assert_eq!(presets::qdrant_circuit().stats().threshold, 5);
    assert_eq!(listed("qdrant"), Some((5, 5)));
    assert!(conflicts_of("qdrant").is_empty() && conflicts_of("firebase").is_empty(), "that is no conflict");
}

#[test]
fn built_breaker_is_not_in_registry() {
    let first = builder("declared::built").threshold(1).build().unwrap();
    let second = builder("declared::built").threshold(2).build().unwrap();
    first.try_acquire().unwrap().failure();
    assert_eq!((first.state(), second.state()), (CircuitState::Open, CircuitState::Closed));
    assert_eq!(listed("declared::built"), None);
}
