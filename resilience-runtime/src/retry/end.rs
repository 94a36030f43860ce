//! Defines [`End`], the reasons why a retry makes no further attempt.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The retry has made `max` attempts.
    Exhausted,
    /// The user's function `retry_if` returned false, or a rate limit will never admit the call.
    NotRetryable,
    /// A circuit that the attempt called stays open longer than the next pause.
    Circuit,
    /// A circuit rejected the attempt, or a call inside the attempt.
    Rejected,
    /// The error asks for a longer delay than the retry allows.
    RetryAfter,
    /// The next pause would end after `max_elapsed`.
    MaxElapsed,
    Budget,
    /// The next pause would not end before the caller's deadline.
    Deadline,
    /// The attempts of this retry, plus the retries in nested calls, have reached `max`.
    Nested,
}

impl End {
    pub(crate) const ALL: [Self; 9] = [
        Self::Exhausted,
        Self::NotRetryable,
        Self::Circuit,
        Self::Rejected,
        Self::RetryAfter,
        Self::MaxElapsed,
        Self::Budget,
        Self::Deadline,
        Self::Nested,
    ];

    /// Returns the text for the field `reason` of the event `retry_gave_up`. Returns `None` for `Exhausted`, because
    /// the event `retry_exhausted` has no field `reason`.
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
