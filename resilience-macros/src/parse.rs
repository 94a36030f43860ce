//! Options and functions as they are written. No attribute is known here.

pub(crate) mod args;
pub(crate) mod async_trait;
pub(crate) mod function;
pub(crate) mod future;
pub(crate) mod pattern;
pub(crate) mod value;
