//! Watches streams. A circuit counts a watched stream as one call. In a bulkhead, a watched stream occupies a slot
//! until the stream ends. [`LimitedStream`](limited::LimitedStream) limits the time for each item.

mod circuit;
pub(crate) mod judge;
pub(crate) mod limited;
pub(crate) mod permit;
mod slot;
pub(crate) mod watch;
pub(crate) mod watched;
