//! Implements the traits of the crate `serde` for the statistics, and for the times and states in statistics and
//! snapshots.

pub(crate) mod fields;
pub(crate) mod seconds;
pub(crate) mod state;
pub(crate) mod stats;
pub(crate) mod timestamp;
