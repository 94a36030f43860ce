//! Takes and restores snapshots, which carry the state of circuits and rate limits over to another process.

mod circuit;
mod fields;
mod rate_limit;
pub(crate) mod restore;
#[expect(clippy::module_inception, reason = "the file of the type `Snapshot`")]
pub(crate) mod snapshot;
mod states;
