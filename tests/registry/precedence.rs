//! Tests circuits whose options are set at several points of a program. If several functions use one circuit, the
//! options of all functions apply from the first call of any of them.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use resilience_runtime::{
    CircuitBreaker, CircuitConflict, CircuitState, check_circuits, circuit, get_circuit, get_circuit_stats, presets,
};

fn down() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

fn listed(name: &str) -> (u32, u64) {
    let stats = &get_circuit_stats()[name];
    (stats.threshold, stats.cooldown.as_secs())
}

fn in_force(breaker: &CircuitBreaker) -> (u32, u64) {
    let stats = breaker.stats();
    (stats.threshold, stats.cooldown.as_secs())
}

fn conflicts_of(name: &str) -> Vec<CircuitConflict> {
    let mut found = check_circuits().expect_err("this file declares conflicts");
    found.retain(|conflict| conflict.name == name);
    found
}

#[circuit(name = "precedence::call", threshold = 10, cooldown = 5)]
async fn list() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "precedence::call")]
async fn search() -> io::Result<()> {
    Err(down())
}

#[tokio::test(start_paused = true)]
async fn option_of_uncalled_function_holds_for_calls() {
    for _ in 0..9 {
        search().await.unwrap_err();
    }
    let breaker = get_circuit("precedence::call").unwrap();
    assert_eq!((breaker.state(), in_force(&breaker)), (CircuitState::Closed, (10, 5)));
    search().await.unwrap_err();
    assert_eq!(breaker.state(), CircuitState::Open);
    assert_eq!(list().await.unwrap_err().to_string(), "Circuit 'precedence::call' is open. Retry in 5s");
}

#[circuit(name = "precedence::trait", threshold = 10)]
async fn never_called() -> io::Result<()> {
    Ok(())
}

#[async_trait]
trait Ask {
    async fn ask(&self) -> io::Result<()>;
}

struct Client;

#[async_trait]
impl Ask for Client {
    #[circuit(name = "precedence::trait")]
    async fn ask(&self) -> io::Result<()> {
        Err(down())
    }
}

#[tokio::test]
async fn option_of_uncalled_function_holds_for_async_trait() {
    drop(never_called());
    for _ in 0..9 {
        Client.ask().await.unwrap_err();
    }
    assert_eq!(get_circuit("precedence::trait").unwrap().state(), CircuitState::Closed);
}

#[circuit(name = "precedence::register", threshold = 10)]
async fn registered_elsewhere() -> io::Result<()> {
    Ok(())
}

#[test]
fn register_without_options_has_declared_settings() {
    drop(registered_elsewhere());
    let breaker = CircuitBreaker::builder("precedence::register").register().unwrap();
    for _ in 0..9 {
        breaker.try_acquire().unwrap().failure();
    }
    assert_eq!((breaker.state(), in_force(&breaker)), (CircuitState::Closed, (10, 30)));
}

#[circuit(name = "tavily_api", threshold = 9)]
async fn over_a_preset() -> io::Result<()> {
    Ok(())
}

#[test]
fn attribute_overrides_preset_before_first_call() {
    drop(over_a_preset());
    assert_eq!(listed("tavily_api"), (9, 30));
    let preset = presets::tavily_circuit();
    assert_eq!(in_force(&preset), (9, 30));
    assert_eq!(in_force(&get_circuit("tavily_api").unwrap()), (9, 30));
    assert_eq!(listed("tavily_api"), (9, 30));
    for _ in 0..8 {
        preset.try_acquire().unwrap().failure();
    }
    assert_eq!(preset.state(), CircuitState::Closed);
}

#[circuit(name = "precedence::place", threshold = 2)]
async fn smaller_line() -> io::Result<()> {
    Err(down())
}

#[circuit(name = "precedence::place", threshold = 5, cooldown = 60)]
async fn greater_line() -> io::Result<()> {
    Err(down())
}

#[tokio::test]
async fn smaller_place_wins_whichever_function_is_called() {
    assert_eq!(listed("precedence::place"), (2, 60));
    for _ in 0..2 {
        greater_line().await.unwrap_err();
    }
    assert_eq!(smaller_line().await.unwrap_err().to_string(), "Circuit 'precedence::place' is open. Retry in 60s");
    assert_eq!(in_force(&get_circuit("precedence::place").unwrap()), (2, 60));

    let conflicts = conflicts_of("precedence::place");
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_eq!((conflicts[0].option, &conflicts[0].values), ("threshold", &["2".to_owned(), "5".to_owned()]));
}

#[circuit(name = "precedence::builder", threshold = 5, cooldown = 7)]
async fn behind_a_builder() -> io::Result<()> {
    Err(down())
}

#[tokio::test]
async fn register_before_first_call_wins_and_conflicts() {
    let breaker = CircuitBreaker::builder("precedence::builder").threshold(2).register().unwrap();
    assert_eq!(in_force(&breaker), (2, 7));
    assert_eq!(conflicts_of("precedence::builder").len(), 1, "before the first call");
    // The function `behind_a_builder` has not been called yet. A second builder can therefore still override the
    // `cooldown` of the attribute.
    CircuitBreaker::builder("precedence::builder").cooldown(Duration::from_secs(8)).register().unwrap();
    for _ in 0..2 {
        behind_a_builder().await.unwrap_err();
    }
    assert_eq!((breaker.state(), in_force(&breaker)), (CircuitState::Open, (2, 8)));

    let found: Vec<_> =
        conflicts_of("precedence::builder").into_iter().map(|found| (found.option, found.values)).collect();
    let values = |values: [&str; 2]| values.map(str::to_owned);
    assert_eq!(found, [("threshold", values(["2", "5"])), ("cooldown", values(["8s", "7s"]))]);

    let error = CircuitBreaker::builder("precedence::builder").half_open_max(2).threshold(5).register().unwrap_err();
    assert_eq!((error.option(), error.value()), ("threshold", "5"), "the first value stays after the first call");
}

#[circuit(name = "precedence::looked_up", threshold = 5)]
async fn looked_up() -> io::Result<()> {
    Ok(())
}

#[test]
fn register_after_get_circuit_cannot_change_declared_value() {
    drop(looked_up());
    assert_eq!(in_force(&get_circuit("precedence::looked_up").unwrap()), (5, 30));
    CircuitBreaker::builder("precedence::looked_up").threshold(2).register().unwrap_err();
    CircuitBreaker::builder("precedence::looked_up").threshold(5).register().unwrap();
}

#[circuit(name = "precedence::keyed", key = key, threshold = 9, max_keys = 2)]
async fn never_called_with_a_key(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[circuit(name = "precedence::keyed", key = key)]
async fn called_with_a_key(key: u32) -> io::Result<()> {
    let _ = key;
    Err(down())
}

#[tokio::test]
async fn option_of_uncalled_function_holds_for_keys() {
    drop(never_called_with_a_key(1));
    for _ in 0..8 {
        called_with_a_key(1).await.unwrap_err();
    }
    let breaker = get_circuit("precedence::keyed[1]").unwrap();
    assert_eq!((breaker.state(), in_force(&breaker)), (CircuitState::Closed, (9, 30)));
    drop(breaker);
    for key in 2..9 {
        called_with_a_key(key).await.unwrap_err();
    }
    let known = get_circuit_stats().keys().filter(|name| name.starts_with("precedence::keyed[")).count();
    assert_eq!(known, 2, "`max_keys` of the function that was not called");
}

#[circuit(name = "precedence::keyed_conflict", key = key, threshold = 2)]
async fn keyed_two(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[circuit(name = "precedence::keyed_conflict", key = key, threshold = 3)]
async fn keyed_three(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[tokio::test]
async fn conflict_of_keyed_circuit_is_found_before_first_call() {
    drop(keyed_two(1));
    assert!(get_circuit_stats().keys().all(|name| !name.starts_with("precedence::keyed_conflict")));
    let conflicts = conflicts_of("precedence::keyed_conflict");
    assert_eq!(conflicts.len(), 1, "{conflicts:?}");
    assert_eq!(conflicts[0].values, ["2", "3"]);
    keyed_three(1).await.unwrap();
    assert_eq!(listed("precedence::keyed_conflict[1]"), (2, 30));
    assert_eq!(conflicts_of("precedence::keyed_conflict").len(), 1);
}
