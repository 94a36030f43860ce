//! Watches streams: records the outcome of a stream in a circuit, holds a slot of a bulkhead until the end of a stream,
//! and limits the time between the items of a stream.

mod circuit;
pub(crate) mod judge;
pub(crate) mod limited;
pub(crate) mod permit;
mod slot;
pub(crate) mod watch;
pub(crate) mod watched;
