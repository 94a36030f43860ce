//! Circuit breakers and retries for async functions, as attributes.
#![forbid(unsafe_code)]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
pub mod presets;

mod backoff;
mod breaker;
mod clock;
mod config;
mod declare;
mod error;
mod events;
mod name;
mod registry;
mod retry;
mod stats;
mod sync;

pub use crate::breaker::CircuitBreaker;
pub use crate::breaker::builder::CircuitBuilder;
pub use crate::breaker::permit::{OwnedPermit, Permit};
pub use crate::breaker::state::CircuitState;
pub use crate::error::{CallError, CircuitConflict, CircuitOpenError, ConfigError};
pub use crate::registry::{check_circuits, get_circuit, get_circuit_stats, reset_all_circuits};
pub use crate::retry::{AnyError, RetryBuilder, RetryIf, RetryPolicy};
pub use crate::stats::CircuitStats;

#[cfg(feature = "macros")]
pub use resilience_macros::{circuit, retry};
