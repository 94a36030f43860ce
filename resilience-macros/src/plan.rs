//! Questions that are about a whole stack.

pub(crate) mod check;
pub(crate) mod worst_case;
