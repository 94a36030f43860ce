//! Functions and types that the statements of an expansion call.

pub(crate) mod rejection;
