//! Parses the options of attributes, and the functions that the attributes are on. No parser in this module is specific
//! to one attribute of this crate.

pub(crate) mod args;
pub(crate) mod async_trait;
pub(crate) mod function;
pub(crate) mod future;
pub(crate) mod pattern;
pub(crate) mod value;
