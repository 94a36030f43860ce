//! Provides ready-made circuits for the services Exa, Tavily, Firebase and Qdrant.
//!
//! | function | name | threshold | cooldown |
//! |---|---|---|---|
//! | [`exa_circuit`] | `exa_api` | 3 | 30 s |
//! | [`tavily_circuit`] | `tavily_api` | 3 | 30 s |
//! | [`firebase_circuit`] | `firebase` | 5 | 60 s |
//! | [`qdrant_circuit`] | `qdrant` | 5 | 60 s |
//!
//! Each function returns its circuit (the preset), and registers the circuit if it is not registered yet. The options
//! of attributes and builders, and changes at run time, take precedence over the options of the preset. For example, a
//! preset's cooldown has no effect if it is longer than the `max_cooldown` of an attribute.
//!
//! ```
//! use resilience_runtime::{get_circuit_stats, presets};
//!
//! presets::register();
//! assert_eq!(get_circuit_stats()["qdrant"].threshold, 5);
//! ```

use std::time::Duration;

use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::options::Options;
use crate::registry::registry;

/// Returns the circuit `exa_api`. Three failures in a row open the circuit, and the cooldown is 30 s.
///
/// ```
/// assert_eq!(resilience_runtime::presets::exa_circuit().name(), "exa_api");
/// ```
pub fn exa_circuit() -> CircuitBreaker {
    preset("exa_api", 3, 30)
}

/// Returns the circuit `tavily_api`. Three failures in a row open the circuit, and the cooldown is 30 s.
///
/// ```
/// assert_eq!(resilience_runtime::presets::tavily_circuit().name(), "tavily_api");
/// ```
pub fn tavily_circuit() -> CircuitBreaker {
    preset("tavily_api", 3, 30)
}

/// Returns the circuit `firebase`. Five failures in a row open the circuit, and the cooldown is 60 s.
///
/// ```
/// assert_eq!(resilience_runtime::presets::firebase_circuit().name(), "firebase");
/// ```
pub fn firebase_circuit() -> CircuitBreaker {
    preset("firebase", 5, 60)
}

/// Returns the circuit `qdrant`. Five failures in a row open the circuit, and the cooldown is 60 s.
///
/// ```
/// assert_eq!(resilience_runtime::presets::qdrant_circuit().name(), "qdrant");
/// ```
pub fn qdrant_circuit() -> CircuitBreaker {
    preset("qdrant", 5, 60)
}

/// Registers the circuits `exa_api`, `tavily_api`, `firebase` and `qdrant`.
/// [`get_circuit_stats`](crate::get_circuit_stats) then lists these circuits even before their first calls. A second
/// call of this function changes nothing.
///
/// ```
/// resilience_runtime::presets::register();
/// assert!(resilience_runtime::get_circuit("exa_api").is_some());
/// ```
pub fn register() {
    for circuit in [exa_circuit, tavily_circuit, firebase_circuit, qdrant_circuit] {
        circuit();
    }
}

fn preset(name: &'static str, threshold: u32, cooldown: u64) -> CircuitBreaker {
    let cooldown = Some(Duration::from_secs(cooldown));
    registry::preset(name, Options { threshold: Some(threshold), cooldown, ..Options::NONE })
}
