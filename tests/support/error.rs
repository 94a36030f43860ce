use std::time::Duration;

use resilience_runtime::{BulkheadFullError, CircuitOpenError, RateLimitedError, Rejection, TimeoutError};

/// The error of a decorated function. The first four variants are the errors of attributes. The other variants are
/// errors of a body or a fallback.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A circuit rejected the call.
    #[error(transparent)]
    Open(#[from] CircuitOpenError),
    /// A timeout ended the call.
    #[error(transparent)]
    Timeout(#[from] TimeoutError),
    /// A bulkhead rejected the call.
    #[error(transparent)]
    Full(#[from] BulkheadFullError),
    /// A rate limit rejected the call.
    #[error(transparent)]
    Limited(#[from] RateLimitedError),
    /// The body failed.
    #[error("down")]
    Down,
    /// The body failed in the call or attempt with this number.
    #[error("call {0} failed")]
    Failed(u32),
    /// The body failed with this HTTP status.
    #[error("the service answered {0}")]
    Status(u16),
    /// The body failed, and asks the caller for this delay.
    #[error("come back in {0:?}")]
    Busy(Duration),
    /// The body or a fallback failed with an error that no other variant describes.
    #[error("another error")]
    Other,
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Circuit(open) => open.into(),
            Rejection::Bulkhead(full) => full.into(),
            Rejection::RateLimit(limited) => limited.into(),
            Rejection::Timeout(late) => late.into(),
            _ => unreachable!("the variants above are the only layers that reject a call"),
        }
    }
}
