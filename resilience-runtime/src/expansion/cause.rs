//! Distinguishes rejections and expired deadlines from the errors of the service itself.
#![allow(missing_docs)] // only the hidden module `__private` exports the public items

use crate::hedge::Attempted;
use crate::timeout::timeout::TimeoutError;

/// The kind of rejection or expired deadline that ended the latest attempt of a call, or another call inside the
/// attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No rejection and no expired deadline: the body ended, or a timeout ended it.
    None,
    /// A circuit rejected the call.
    Circuit,
    /// A bulkhead or a rate limit rejected the call, or the caller's deadline had passed before the call.
    Limit,
    /// The caller's deadline ended the call.
    Deadline,
    /// The type of the error does not allow a search for a cause.
    Unknown,
}

impl Cause {
    /// Returns the cause of a call that a timeout ended.
    pub fn of_timeout(error: TimeoutError) -> Self {
        match (error.by_deadline(), error.after().is_zero()) {
            (false, _) => Self::None,
            (true, true) => Self::Limit,
            (true, false) => Self::Deadline,
        }
    }

    /// Returns whether the call was not made, because a layer rejected it, or because the caller's deadline had passed
    /// before the call.
    pub fn is_rejection(self) -> bool {
        matches!(self, Self::Circuit | Self::Limit)
    }

    pub fn is_circuit(self) -> bool {
        matches!(self, Self::Circuit)
    }

    /// Returns whether the outcome says nothing about the service. A circuit does not count such an outcome as a
    /// failure, unless the call ran for `hung_after` before the deadline ended it.
    pub fn is_neutral(self) -> bool {
        matches!(self, Self::Circuit | Self::Limit | Self::Deadline)
    }

    /// Returns this cause. If this cause is `Cause::None`, returns the cause that `of_error` finds in the error.
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
