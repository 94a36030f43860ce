//! Contains one file or folder for each attribute, which defines the options, the properties and the tokens of the
//! attribute.
//!
//! To add an attribute, add a file with a constant `ATTRIBUTE`, a `mod` line below, and the name in `attributes!` in
//! `lib.rs`.

pub(crate) mod attribute;
pub(crate) mod bulkhead;
pub(crate) mod circuit;
pub(crate) mod fallback;
mod guard;
pub(crate) mod hedge;
mod limits;
pub(crate) mod rate_limit;
pub(crate) mod retry;
mod settings;
pub(crate) mod timeout;
