//! Parses the options of attributes. Also parses the functions that have the attributes. No parser in this module
//! belongs to one particular attribute of this crate.

pub(crate) mod args;
pub(crate) mod async_trait;
pub(crate) mod function;
pub(crate) mod future;
pub(crate) mod pattern;
pub(crate) mod suggestion;
pub(crate) mod value;
