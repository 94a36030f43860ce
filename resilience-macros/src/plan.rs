//! Answers questions about all layers (attributes) of a function, such as "which layer catches this rejection?", from
//! the properties of the layers. This module creates no tokens.

pub(crate) mod check;
mod exits;
#[expect(clippy::module_inception, reason = "the file of the type `Plan`")]
pub(crate) mod plan;
mod single_call;
pub(crate) mod worst_case;
