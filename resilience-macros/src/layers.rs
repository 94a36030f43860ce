//! The attributes of the family, each in one file or folder: its options, its facts and its tokens.
//!
//! A new attribute needs a file with its `ATTRIBUTE` here, a `mod` line below, and its name in `attributes!` in `lib.rs`.

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
