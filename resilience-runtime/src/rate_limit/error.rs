//! Defines the error of a call that a rate limit rejected.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::base::name::Name;
use crate::base::not_made::{ByRateLimit, NotMade};
use crate::base::reason::Reason;

/// Reports that a [`RateLimit`](crate::RateLimit) rejected a call.
///
/// Creating or cloning this error does not allocate.
///
/// ```
/// use resilience_runtime::RateLimit;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let limit = RateLimit::builder("search", 10).burst(1).build()?;
/// limit.try_acquire()?;
/// let limited = limit.try_acquire().unwrap_err();
/// assert!(limited.retry_after().is_some() && !limited.is_above_burst());
/// let limited = limit.try_acquire_many(2).unwrap_err();
/// assert!(limited.retry_after().is_none() && limited.is_above_burst());
/// # Ok(())
/// # }
/// ```
#[doc(alias = "RequestNotPermitted")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("rate limit '{}' {}", source.name, Reason::from_bits(source.wait))]
pub struct RateLimitedError {
    source: NotMade<ByRateLimit>,
}

impl RateLimitedError {
    pub(crate) fn new(name: Name, reason: Reason) -> Self {
        Self { source: NotMade::new(name, reason.to_bits()) }
    }

    /// Recreates an error from `mark`, the field `source` of the original error.
    pub(crate) fn of(mark: &NotMade<ByRateLimit>) -> Self {
        Self { source: mark.clone() }
    }

    /// Returns the name of the rate limit. Special characters are not escaped, unlike in the error message. Without the
    /// option `name`, the rate limit of an attribute has the name of the decorated function.
    pub fn name(&self) -> &str {
        self.source.name.as_str()
    }

    /// Returns the time after which the rate limit can admit the call. This time is longer than zero. A call after this
    /// time may still be rejected, because another caller may call first.
    ///
    /// Returns `None` if the rate limit will never admit the call, for one of two reasons:
    ///
    /// - The call takes more tokens than the burst, see [`is_above_burst`](Self::is_above_burst).
    /// - The rate limit has no rate, because no attribute with its name sets a rate.
    pub fn retry_after(&self) -> Option<Duration> {
        match Reason::from_bits(self.source.wait) {
            Reason::Early(nanos) => Some(Duration::from_nanos(nanos)),
            Reason::AboveBurst(_) | Reason::NoRate => None,
        }
    }

    /// Returns whether the call takes more tokens than the burst of the rate limit. If so, the rate limit never admits
    /// the call, and a retry does not repeat the call.
    pub fn is_above_burst(&self) -> bool {
        Reason::from_bits(self.source.wait).is_above_burst()
    }
}

/// Wraps the [`RateLimitedError`] in an `io::Error` of the kind [`QuotaExceeded`](io::ErrorKind::QuotaExceeded).
impl From<RateLimitedError> for io::Error {
    fn from(limited: RateLimitedError) -> Self {
        Self::new(io::ErrorKind::QuotaExceeded, limited)
    }
}
