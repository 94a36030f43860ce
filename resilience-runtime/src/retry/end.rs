//! The reasons why a retry makes no further attempt.

/// The reason why no attempt follows a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The retry has used up its attempts.
    Exhausted,
    /// A function of the user excludes the error.
    NotRetryable,
    /// A circuit below stays open during the pause.
    Circuit,
    /// A circuit rejected the attempt.
    Rejected,
    /// The error asks for a longer pause than the retry allows.
    RetryAfter,
    MaxElapsed,
    Budget,
    /// The caller's deadline passes during the pause.
    Deadline,
    /// The retries inside the body have used up the attempts.
    Nested,
}

impl End {
    /// Returns the word for the reason, or `None` if the attempts are used up.
    pub(crate) fn reason(self) -> Option<&'static str> {
        Some(match self {
            Self::Exhausted => return None,
            Self::NotRetryable => "not_retryable",
            Self::Circuit => "circuit",
            Self::Rejected => "rejected",
            Self::RetryAfter => "retry_after",
            Self::MaxElapsed => "max_elapsed",
            Self::Budget => "budget",
            Self::Deadline => "deadline",
            Self::Nested => "nested",
        })
    }
}
