//! The cause of an attempt's end before its body ended.
#![allow(missing_docs)] // public items here are hidden in `__private`

use crate::hedge::Attempted;
use crate::timeout::timeout::TimeoutError;

/// The cause why the latest attempt of a call ended before its body did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The body ended.
    None,
    /// A circuit rejected the attempt.
    Circuit,
    /// A limit rejected the attempt, or the caller's deadline had passed before it.
    Limit,
    /// The caller's deadline ended the attempt.
    Deadline,
    /// The type of the error does not show a cause.
    Unknown,
}

impl Cause {
    pub fn of_timeout(error: TimeoutError) -> Self {
        match (error.by_deadline(), error.after().is_zero()) {
            (false, _) => Self::None,
            (true, true) => Self::Limit,
            (true, false) => Self::Deadline,
        }
    }

    /// Returns whether a layer rejected the attempt.
    pub fn is_rejection(self) -> bool {
        matches!(self, Self::Circuit | Self::Limit)
    }

    pub fn is_circuit(self) -> bool {
        matches!(self, Self::Circuit)
    }

    /// Returns whether the outcome says nothing about the service. Circuits ignore such an outcome.
    pub fn is_neutral(self) -> bool {
        matches!(self, Self::Circuit | Self::Limit | Self::Deadline)
    }

    /// Returns this cause. If the attempt ended in the body, returns the cause that the error shows.
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
