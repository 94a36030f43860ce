//! Implements the state of a circuit: the state transitions, the counters, and the window of recent calls.

pub(crate) mod blind;
pub(crate) mod buckets;
#[expect(clippy::module_inception, reason = "the file of the type `Core`")]
pub(crate) mod core;
pub(crate) mod counts;
pub(crate) mod decision;
pub(crate) mod durations;
pub(crate) mod gate;
#[cfg(feature = "serde")]
pub(crate) mod kept;
pub(crate) mod last_calls;
pub(crate) mod machine;
#[cfg(all(test, not(resilience_loom)))]
mod machine_tests;
#[cfg(all(test, resilience_loom))]
mod models;
pub(crate) mod records;
pub(crate) mod running;
pub(crate) mod state;
#[cfg(all(test, not(resilience_loom)))]
mod stress;
pub(crate) mod stripes;
pub(crate) mod tally;
pub(crate) mod ticket;
pub(crate) mod totals;
pub(crate) mod transitions;
mod trials;
pub(crate) mod wait;
pub(crate) mod window;
