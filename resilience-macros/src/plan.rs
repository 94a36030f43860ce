//! Questions about a whole stack, answered by the facts of its layers. No tokens are made here.

pub(crate) mod check;
mod exits;
#[expect(clippy::module_inception, reason = "the file of the type `Plan`")]
pub(crate) mod plan;
pub(crate) mod worst_case;
