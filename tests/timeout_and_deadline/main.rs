//! Tests timeouts, and the deadlines that a caller sets.

mod deadline;
mod timeout;
mod zero;
