//! Implements limits on the duration of a call: the timeout of a function, and the deadline that a caller sets.

pub(crate) mod deadline;
pub(crate) mod error;
#[expect(clippy::module_inception, reason = "the file of the type `Timeout`")]
pub(crate) mod timeout;
