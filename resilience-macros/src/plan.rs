//! Answers questions about a whole stack from the facts of its layers. This module creates no tokens.

pub(crate) mod check;
mod exits;
#[expect(clippy::module_inception, reason = "the file of the type `Plan`")]
pub(crate) mod plan;
pub(crate) mod worst_case;
