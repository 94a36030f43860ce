//! Injects faults into decorated functions: errors, latency, hangs and panics.
//!
//! With the feature `faults`, each expansion declares a [`Function`](crate::base::function::Function), which contains
//! the path of the function and the names of its layers. At the beginning of the body, the expansion asks
//! [`Faults`](faults::Faults) for a fault with one of these names. If such a fault exists, the expansion applies this
//! [`Fault`](point::Fault).

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
