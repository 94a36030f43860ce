//! Contains the modules of the circuit breaker, which rejects calls to a failing service.

pub(crate) mod breaker;
pub(crate) mod call;
pub(crate) mod classifier;
pub(crate) mod classifier_builder;
mod classifier_functions;
mod control;
pub(crate) mod core;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod options;
pub(crate) mod permit;
pub(crate) mod settings;
pub(crate) mod stats;
pub(crate) mod sums;
pub(crate) mod watched;
