//! Tests functions that are not `async`, and the methods `call_blocking`.

mod circuit;
mod deadline;
mod fallback;
mod pauses;
mod retry;
mod waits;
