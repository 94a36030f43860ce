//! The attributes, each in a file or a folder of its own.

pub(crate) mod bulkhead;
pub(crate) mod circuit;
pub(crate) mod fallback;
pub(crate) mod hedge;
pub(crate) mod rate_limit;
pub(crate) mod retry;
pub(crate) mod settings;
pub(crate) mod timeout;
