//! Defines the error of a call that a rate limit rejected.

use std::fmt;
use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::base::name::Name;
use crate::base::not_made::{ByRateLimit, NotMade};

/// The error of a call that a [`RateLimit`](crate::RateLimit) rejected.
///
/// Creating or cloning this error does not allocate.
#[doc(alias = "RequestNotPermitted")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("rate limit '{}' {}", source.name, Condition(source.wait))]
pub struct RateLimitedError {
    source: NotMade<ByRateLimit>,
}

/// A time in nanoseconds. If a rate limit reports a wait of this time or longer, its option `per_second` is not set.
const NO_RATE: u64 = 1 << 61;

/// Displays the reason of a rejection. The field contains the wait in nanoseconds.
struct Condition(u64);

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            NO_RATE.. => f.write_str("has no `per_second`: write it in one of the attributes with this name"),
            wait => write!(f, "is reached, retry in {:?}", Duration::from_nanos(wait)),
        }
    }
}

impl RateLimitedError {
    pub(crate) fn new(name: Name, wait_nanos: u64) -> Self {
        Self { source: NotMade::new(name, wait_nanos) }
    }

    /// Rebuilds the error from its source.
    pub(crate) fn of(mark: &NotMade<ByRateLimit>) -> Self {
        Self { source: mark.clone() }
    }

    /// Returns the name of the rate limit. This method does not escape special characters in the name, but the message
    /// of the error does. If an attribute without the option `name` creates the rate limit, the rate limit has the name
    /// of the decorated function.
    pub fn name(&self) -> &str {
        self.source.name.as_str()
    }

    /// Returns the time until the rate limit admits another call. This time is longer than zero. A call after this time
    /// may still be rejected, because another caller may call first.
    ///
    /// The time is longer than 100 years if no attribute sets the option `per_second`. Such a rate limit rejects every
    /// call.
    pub fn retry_after(&self) -> Duration {
        Duration::from_nanos(self.source.wait)
    }
}

/// Creates an `io::Error` of the kind [`QuotaExceeded`](io::ErrorKind::QuotaExceeded), which contains the
/// [`RateLimitedError`].
impl From<RateLimitedError> for io::Error {
    fn from(limited: RateLimitedError) -> Self {
        Self::new(io::ErrorKind::QuotaExceeded, limited)
    }
}
