use std::time::Duration;

use resilience_runtime::{BulkheadFullError, CircuitOpenError, RateLimitedError, TimeoutError};

/// The error of a decorated function. Each kind of layer that can end a call has one variant. The errors of the body
/// have several variants.
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
    /// The body failed with an HTTP status.
    #[error("the service answered {0}")]
    Status(u16),
    /// The body failed and asks for a delay.
    #[error("come back in {0:?}")]
    Busy(Duration),
    /// The body or a fallback failed with an error that differs from the other variants.
    #[error("another error")]
    Other,
}
