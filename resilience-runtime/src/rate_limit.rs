//! Limits the rate of calls.

mod builder;
pub(crate) mod error;
mod line;
pub(crate) mod pace;
mod quota;
#[expect(clippy::module_inception, reason = "the file of the type `RateLimit`")]
pub(crate) mod rate_limit;

pub use crate::rate_limit::builder::RateLimitBuilder;
