//! Injects faults into decorated functions: errors, latency, hangs and panics.
//!
//! With the feature `faults`, each expansion declares a [`Function`](crate::base::function::Function), which knows the names of the
//! layers. The body begins with a [`Fault`](point::Fault), which is the next of the [`Faults`](faults::Faults) for one
//! of these names.

mod events;
pub(crate) mod faults;
mod injected;
pub(crate) mod kind;
pub(crate) mod limits;
mod names;
pub(crate) mod point;
#[cfg(feature = "test-util")]
pub(crate) mod script;
#[cfg(feature = "chaos")]
pub(crate) mod stats;
