//! Defines [`Cause`], which distinguishes the errors of rejected calls and of expired deadlines from errors of the
//! called service.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use crate::base::existing::Note;
use crate::base::not_made::{End, TimedOut};
use crate::hedge::hedged::Attempted;
use crate::rate_limit::error::RateLimitedError;
use crate::timeout::error::TimeoutError;

/// The reason why the latest attempt of a call ended: a rejection, an expired deadline, or any other reason. The
/// rejection or the deadline may concern the attempt itself, or a nested call that the attempt made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The body ended by itself, or a timeout ended the body.
    None,
    /// A circuit rejected the call.
    Circuit,
    /// A bulkhead or a rate limit rejected the call.
    Limit,
    /// A rate limit rejected the call, because the call takes more tokens than a burst contains. The rate limit would
    /// also reject each repetition of the call.
    AboveBurst,
    /// The caller's [`deadline`](crate::deadline()) had passed before the call, or the timeout of the call was zero. The
    /// call did not start.
    TooLate,
    /// The caller's deadline ended the call.
    Deadline,
    /// The cause is unknown, because the type of the error gives no access to the error's sources.
    Unknown,
}

impl Cause {
    /// Returns the cause for a call that a timeout ended. If the caller's deadline came before the time limit of the
    /// timeout, the cause is `TooLate` or `Deadline`. If the time limit was zero, the cause is `TooLate`. Otherwise, the
    /// cause is `Cause::None`.
    pub fn of_timeout(error: &TimeoutError) -> Self {
        Self::of_end(error.mark())
    }

    /// Returns the cause for a call that a rate limit rejected.
    pub fn of_limit(error: &RateLimitedError) -> Self {
        if error.is_above_burst() { Self::AboveBurst } else { Self::Limit }
    }

    pub(crate) fn of_end(ended: &TimedOut) -> Self {
        match ended.by {
            End::Timeout => Self::None,
            End::NoTime(_) | End::BeforeCall(_) => Self::TooLate,
            End::DuringCall(_) => Self::Deadline,
        }
    }

    /// Returns true if the call did not start: a circuit, bulkhead or rate limit rejected the call, the caller's
    /// deadline had already passed, or the timeout was zero.
    pub fn is_rejection(self) -> bool {
        matches!(self, Self::Circuit | Self::Limit | Self::AboveBurst | Self::TooLate)
    }

    pub fn is_circuit(self) -> bool {
        matches!(self, Self::Circuit)
    }

    pub(crate) fn is_above_burst(self) -> bool {
        matches!(self, Self::AboveBurst)
    }

    /// Returns true for a rejection or a deadline. Neither of them says anything about the health of the called
    /// service, so a circuit ignores the call. As an exception, a call whose cause is a deadline counts as a failure if
    /// its body ran for the time `hung_after` or longer.
    pub fn is_neutral(self) -> bool {
        self.is_rejection() || self == Self::Deadline
    }

    /// Returns true if the search of the call's error found neither a rejection nor a deadline. A rejection may still
    /// be the origin of the error, because many error types return no source.
    #[inline]
    pub fn is_hidden(self) -> bool {
        matches!(self, Self::None | Self::Unknown)
    }

    /// Returns `self` if this cause is a rejection or a deadline. Otherwise, returns the cause that the last poll of
    /// the body stored in a thread-local variable (see `Note::last`).
    #[must_use]
    #[inline]
    pub fn or_noted(self) -> Self {
        if self.is_hidden() { Self::noted() } else { self }
    }

    fn noted() -> Self {
        match Note::last() {
            Note::Circuit => Self::Circuit,
            Note::Limit => Self::Limit,
            Note::AboveBurst => Self::AboveBurst,
            Note::TooLate => Self::TooLate,
            Note::Deadline => Self::Deadline,
            Note::Other => Self::None,
        }
    }

    /// If this cause is `Cause::None`, returns the cause that `of_error` finds in the error of the call. Otherwise,
    /// returns `self`.
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
