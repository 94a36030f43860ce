//! Contains one module for each attribute. The module parses the options of the attribute, and generates the code of
//! the attribute. Further modules contain the code that several attributes share.
//!
//! To add an attribute, add a file with a constant `ATTRIBUTE`, and a `mod` line below. Then add the name of the
//! attribute to `attributes!` in `lib.rs`.

mod after;
pub(crate) mod attribute;
mod budget;
pub(crate) mod bulkhead;
pub(crate) mod circuit;
pub(crate) mod fallback;
mod guard;
pub(crate) mod hedge;
mod limit;
mod limits;
mod percentile;
pub(crate) mod rate_limit;
pub(crate) mod retry;
mod settings;
pub(crate) mod synonyms;
pub(crate) mod timeout;
