//! Contains modules that several attributes use, such as clocks, names and locks. These modules never import the
//! implementation of an attribute.

pub(crate) mod accepts;
pub(crate) mod blocking;
pub(crate) mod clock;
pub(crate) mod config_error;
pub(crate) mod existing;
#[cfg(feature = "faults")]
pub(crate) mod function;
pub(crate) mod interner;
pub(crate) mod name;
pub(crate) mod nearest;
pub(crate) mod not_made;
pub(crate) mod noted;
pub(crate) mod of_thread;
pub(crate) mod outcome;
pub(crate) mod packed;
pub(crate) mod pauses;
pub(crate) mod queue;
pub(crate) mod random;
#[cfg(feature = "config")]
pub(crate) mod raw;
pub(crate) mod reason;
pub(crate) mod repeat;
pub(crate) mod require;
pub(crate) mod scope;
pub(crate) mod still_open;
pub(crate) mod sums;
pub(crate) mod sync;
pub(crate) mod versions;
