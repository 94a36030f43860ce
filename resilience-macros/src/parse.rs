//! Parses options and functions. This module knows no attribute.

pub(crate) mod args;
pub(crate) mod async_trait;
pub(crate) mod function;
pub(crate) mod future;
pub(crate) mod pattern;
pub(crate) mod value;
