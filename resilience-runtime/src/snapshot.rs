//! Keeps the state of all layers in a snapshot, from which another process continues.

mod circuit;
mod fields;
mod rate_limit;
pub(crate) mod restore;
#[expect(clippy::module_inception, reason = "the file of the type `Snapshot`")]
pub(crate) mod snapshot;
mod states;
