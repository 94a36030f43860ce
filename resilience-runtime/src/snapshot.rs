//! Keeps the state of circuits and rate limits in a snapshot, which another process can restore.

mod circuit;
mod fields;
mod rate_limit;
pub(crate) mod restore;
#[expect(clippy::module_inception, reason = "the file of the type `Snapshot`")]
pub(crate) mod snapshot;
mod states;
