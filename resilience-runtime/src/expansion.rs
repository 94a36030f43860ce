//! Functions and types that the statements of an expansion call.

pub(crate) mod cause;
pub(crate) mod outcome;
pub(crate) mod rejection;
pub(crate) mod settle;
pub(crate) mod text;
