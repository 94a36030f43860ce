//! Tests bulkheads, fallbacks, hedges and rate limits, and pairs of attributes in both orders.

mod bulkhead;
mod circuit_and_retry;
mod fallback;
mod hedge;
mod pairs;
mod rate_limit;
mod rejections;
