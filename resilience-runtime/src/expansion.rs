//! Contains the functions and types that the generated code of the attributes uses.

pub mod blocking;
pub(crate) mod body;
pub(crate) mod cause;
pub mod constant;
pub(crate) mod conversion;
pub(crate) mod outcome;
pub(crate) mod search;
pub(crate) mod settle;
#[cfg(feature = "stream")]
pub(crate) mod stream;
pub(crate) mod text;
