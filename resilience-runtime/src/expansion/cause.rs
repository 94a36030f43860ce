//! Distinguishes the errors of rejected calls and of expired deadlines from the errors of the service itself.
#![allow(missing_docs)] // no docs needed: the hidden module `__private` exports these items

use crate::base::not_made::Note;
use crate::hedge::Attempted;
use crate::timeout::timeout::TimeoutError;

/// Tells whether a rejection or an expired deadline ended the latest attempt of a call, or ended another call inside
/// this attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No rejection and no expired deadline: the body ended by itself, or a timeout ended the body.
    None,
    /// A circuit rejected the call.
    Circuit,
    /// A bulkhead or a rate limit rejected the call, or the caller's deadline had passed before the call.
    Limit,
    /// The caller's deadline ended the call.
    Deadline,
    /// The cause is not known, because the type of the error gives no access to the sources of the error.
    Unknown,
}

impl Cause {
    /// Returns the cause of a call that ended with this error of a timeout. If the caller's deadline did not shorten
    /// the timeout, the cause is `Cause::None`.
    pub fn of_timeout(error: TimeoutError) -> Self {
        match (error.by_deadline(), error.after().is_zero()) {
            (false, _) => Self::None,
            (true, true) => Self::Limit,
            (true, false) => Self::Deadline,
        }
    }

    /// Returns whether the call did not start. Either a layer (one attribute) rejected the call, or the caller's
    /// deadline had passed before the call.
    pub fn is_rejection(self) -> bool {
        matches!(self, Self::Circuit | Self::Limit)
    }

    pub fn is_circuit(self) -> bool {
        matches!(self, Self::Circuit)
    }

    /// Returns whether the outcome says nothing about the service. A circuit ignores such an outcome. As an exception,
    /// a call that the deadline ended counts as a failure if it ran for the circuit's `hung_after`.
    pub fn is_neutral(self) -> bool {
        matches!(self, Self::Circuit | Self::Limit | Self::Deadline)
    }

    /// Returns this cause. If the type of the error does not allow a search, returns the kind of an error that a layer
    /// created during the last poll of the [`Body`](crate::expansion::body::Body), and that still exists.
    #[must_use]
    #[inline]
    pub fn or_noted(self) -> Self {
        if self == Self::Unknown { Self::noted() } else { self }
    }

    fn noted() -> Self {
        match Note::last() {
            Note::Circuit => Self::Circuit,
            Note::Limit => Self::Limit,
            Note::Deadline => Self::Deadline,
            Note::Other => Self::None,
        }
    }

    /// Returns this cause. If this cause is `Cause::None`, returns the cause that `of_error` finds in the error of the
    /// call.
    #[must_use]
    pub fn or(self, of_error: impl FnOnce() -> Self) -> Self {
        if self == Self::None { of_error() } else { self }
    }
}

impl<R: Attempted> Attempted for (R, Cause) {
    fn wins(&self) -> bool {
        self.0.wins()
    }
}
