//! Implements the circuit breaker: its handle, permits, settings, errors, statistics and events.

pub(crate) mod breaker;
pub(crate) mod core;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod permit;
pub(crate) mod settings;
pub(crate) mod stats;
