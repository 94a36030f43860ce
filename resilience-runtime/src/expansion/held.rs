//! Bulkheads and rate limits that an expansion holds.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::borrow::Cow;
use std::time::Duration;

use crate::bulkhead::Bulkhead;
use crate::rate_limit::RateLimit;

/// The bulkhead of a function; the values have been checked by the attribute.
pub fn declared_bulkhead(func: &'static str, max: u32, wait: Duration) -> Bulkhead {
    Bulkhead::new(Cow::Borrowed(func).into(), max, wait)
}

/// A bulkhead of the user's: a clone, so that nothing stays borrowed while the body runs.
pub fn held_bulkhead(bulkhead: &Bulkhead) -> Bulkhead {
    bulkhead.clone()
}

/// The rate limit of a function; the values have been checked by the attribute.
pub fn declared_rate_limit(func: &'static str, per_second: u32, burst: u32) -> RateLimit {
    RateLimit::new(Cow::Borrowed(func).into(), per_second, burst)
}

/// A rate limit of the user's: a clone, so that nothing stays borrowed while the body runs.
pub fn held_rate_limit(limit: &RateLimit) -> RateLimit {
    limit.clone()
}
