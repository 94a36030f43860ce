//! Limits on the time of a call: its timeout, and the deadline of its caller.

pub(crate) mod deadline;
#[expect(clippy::module_inception, reason = "the file of the type `Timeout`")]
pub(crate) mod timeout;
