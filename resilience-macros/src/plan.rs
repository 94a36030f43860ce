//! Answers questions about the attributes of a function, such as "Which attribute handles a rejected call?". This
//! module creates no tokens.

pub(crate) mod check;
mod exits;
#[expect(clippy::module_inception, reason = "the file of the type `Plan`")]
pub(crate) mod plan;
mod single_call;
pub(crate) mod worst_case;
