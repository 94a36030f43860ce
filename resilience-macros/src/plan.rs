//! Questions about a whole stack, which the facts of its layers answer. This module creates no tokens.

pub(crate) mod check;
mod exits;
#[expect(clippy::module_inception, reason = "the file of the type `Plan`")]
pub(crate) mod plan;
pub(crate) mod worst_case;
