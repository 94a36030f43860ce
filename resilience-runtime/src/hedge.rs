//! Implements hedges: further attempts of a call while the earlier attempts still run.

pub(crate) mod after;
pub(crate) mod any;
pub(crate) mod budgeted;
pub(crate) mod builder;
mod core;
#[cfg(all(test, not(resilience_loom)))]
mod costs;
pub(crate) mod evaluated;
pub(crate) mod events;
#[expect(clippy::module_inception, reason = "the file of the type `Hedge`")]
pub(crate) mod hedge;
pub(crate) mod hedged;
mod histogram;
mod percentile;
pub(crate) mod source;
pub(crate) mod stats;
