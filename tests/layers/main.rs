//! The other layers, and layers above and below each other.

mod bulkhead;
mod circuit_and_retry;
mod fallback;
mod hedge;
mod pairs;
mod rate_limit;
mod rejections;
