//! Defines the error type of the client, and the properties of an error that the layers ask for.
#![allow(unreachable_pub, reason = "in a library, these items are public")]

use std::time::Duration;

use resilience_runtime::{Rejection, RetryCost};

/// The error of every method of the client.
#[derive(Debug, thiserror::Error)]
pub enum LlmError {
    /// A layer of the client rejected or ended the call.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("the service answers with the status {status}")]
    Status { status: u16, retry_after: Option<Duration> },
    #[error("the connection is broken")]
    Http(#[from] reqwest::Error),
    #[error("the service sent an unknown event")]
    Event(#[from] serde_json::Error),
    #[error("the stream ended too early")]
    Incomplete,
}

impl LlmError {
    /// Returns whether another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Rejected(rejection) => rejection.was_called(),
            Self::Status { status, .. } => matches!(status, 429 | 500..),
            Self::Http(_) | Self::Incomplete => true,
            Self::Event(_) => false,
        }
    }

    /// Returns whether the circuit counts the error as a failure. A deadline of the caller and a status of 4xx are no
    /// fault of the service. After the status 429, the pause of the retry and the rate limit are enough.
    pub(crate) fn is_failure(&self) -> bool {
        match self {
            Self::Rejected(rejection) => matches!(rejection, Rejection::Timeout(error) if !error.by_deadline()),
            Self::Status { status, .. } => *status >= 500,
            _ => true,
        }
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(crate) fn cost(&self) -> RetryCost {
        match self {
            Self::Rejected(_) => RetryCost::Timeout,
            // With the status 529, a service says that it is overloaded.
            Self::Status { status: 429 | 529, .. } => RetryCost::Throttle,
            _ => RetryCost::Failure,
        }
    }
}
