//! Tests `reset_all_circuits`.
//!
//! This test needs a process of its own, because it lists and resets all circuits.

use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState, circuit, get_circuit_stats, presets, reset_all_circuits};

#[circuit(name = "declared", threshold = 1)]
async fn declared() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn reset_all_circuits_closes_every_circuit() {
    let registered = CircuitBreaker::builder("registered").threshold(1).register().unwrap();
    let built = CircuitBreaker::builder("built").threshold(1).build().unwrap();
    let preset = presets::exa_circuit();
    let mut late = registered.try_acquire_owned().unwrap();
    for breaker in [&registered, &built, &preset] {
        while breaker.state() == CircuitState::Closed {
            breaker.try_acquire().unwrap().failure();
        }
    }
    assert!(declared().await.is_err());
    let open = |stats: &resilience_runtime::CircuitStats| stats.state == CircuitState::Open;
    assert_eq!(get_circuit_stats().values().filter(|stats| open(stats)).count(), 3);

    reset_all_circuits();

    let stats = get_circuit_stats();
    assert_eq!(stats.keys().collect::<Vec<_>>(), ["declared", "exa_api", "registered"]);
    for stats in stats.values() {
        assert_eq!(stats.state, CircuitState::Closed, "{}", stats.name);
        assert_eq!((stats.failures, stats.successes), (0, 0), "{}", stats.name);
        assert_eq!((stats.cooldown_remaining, stats.last_failure), (Duration::ZERO, None), "{}", stats.name);
        assert_eq!(stats.total_opened, 1, "totals never go back: {}", stats.name);
    }
    assert_eq!(built.state(), CircuitState::Open, "a breaker outside the registry is its owner's");

    std::mem::replace(&mut late, registered.try_acquire_owned().unwrap()).failure();
    assert_eq!(registered.state(), CircuitState::Closed, "a call that began before the reset no longer counts");
    late.failure();
    assert_eq!(registered.state(), CircuitState::Open);
}
