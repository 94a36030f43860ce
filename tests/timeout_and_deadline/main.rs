//! Timeouts, and the deadline of a caller.

mod deadline;
mod timeout;
