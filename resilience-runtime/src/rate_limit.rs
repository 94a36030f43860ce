//! Limits the rate of calls.

pub(crate) mod acquire;
mod builder;
#[cfg(all(test, not(resilience_loom)))]
mod costs;
pub(crate) mod error;
#[cfg(feature = "serde")]
pub(crate) mod kept;
mod line;
pub(crate) mod pace;
mod quota;
#[expect(clippy::module_inception, reason = "the file of the type `RateLimit`")]
pub(crate) mod rate_limit;
pub(crate) mod stats;

pub use crate::rate_limit::builder::RateLimitBuilder;
