//! Parses the options of attributes, and the functions below the attributes. All attributes of this crate share these
//! parsers.

pub(crate) mod args;
pub(crate) mod async_trait;
pub(crate) mod constant;
pub(crate) mod function;
pub(crate) mod future;
pub(crate) mod pattern;
pub(crate) mod shell;
pub(crate) mod suggestion;
pub(crate) mod value;
