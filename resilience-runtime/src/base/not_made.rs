//! Defines two types of marks, [`NotMade`] and [`TimedOut`]. A mark is a value that shows the origin of an error of
//! this library. The marked error returns its mark from [`Error::source`]. [`NotMade`] marks the error of a rejected
//! call. [`TimedOut`] marks the error of a call that a timeout ended or prevented. A mark contains all data of the
//! marked error, so that [`Rejection::find`](crate::Rejection::find) can rebuild the error from the mark.
//!
//! An outer layer finds the mark in the sources of an error, even if another error wraps the marked error. For example,
//! an `io::Error` and an error with `#[error(transparent)]` return the source of the wrapped error as their own source.
//! The error that a function returns need not be `'static`, because an outer layer downcasts only the sources of this
//! error.
//!
//! Some error types return no source, and thereby hide the mark. Because of these error types, the module
//! [`existing`](crate::base::existing) also counts the marks that exist in memory, on each thread separately.

use std::error::Error;
use std::iter::successors;
use std::marker::PhantomData;
use std::time::Duration;

use crate::base::existing::{LastError, Note, count_created, count_dropped};
use crate::base::name::Name;
use crate::base::reason::Reason;

/// Marks the error of a rejected call. The error returns this mark as its source. `L` is the kind of the layer
/// (circuit, bulkhead or rate limit) that rejected the call.
#[derive(Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the call was not made")]
pub(crate) struct NotMade<L: Layer> {
    pub(crate) name: Name,
    /// The data of the error, in a format that depends on the kind of the layer. A circuit stores the bits of a `Wait`:
    /// the state of the circuit, and the time after which the caller may try again. A rate limit stores the bits of a
    /// `Reason` for the rejection. A bulkhead stores 1 if no attribute sets its option `max`, and 0 if an attribute or
    /// a builder sets `max`.
    pub(crate) wait: u64,
    alive: Alive<L>,
}

impl<L: Layer> NotMade<L> {
    #[inline]
    pub(crate) fn new(name: Name, wait: u64) -> Self {
        Self { name, wait, alive: Alive::new(L::note(wait)) }
    }
}

impl<L: Layer> Clone for NotMade<L> {
    fn clone(&self) -> Self {
        Self::new(self.name.clone(), self.wait)
    }
}

/// The origin of an error: a circuit, bulkhead or rate limit that rejected the call, or the caller's deadline.
pub(crate) trait Layer {
    const NOTE: Note;

    /// Returns the kind of an error of this origin, such as [`Note::Limit`]. `wait` contains the data of the error (see
    /// [`NotMade::wait`]). The returned kind and `NOTE` must share one of the thread's counters of existing errors. The
    /// reason is the [`Alive`] guard: its creation adds one to the counter of the returned kind, and its drop subtracts
    /// one from the counter of `NOTE`.
    #[inline]
    fn note(_wait: u64) -> Note {
        Self::NOTE
    }
}

macro_rules! layers {
    ($($layer:ident: $note:ident;)*) => {
        $(
            #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
            pub(crate) struct $layer;

            impl Layer for $layer {
                const NOTE: Note = Note::$note;
            }
        )*
    };
}

layers! {
    ByCircuit: Circuit;
    ByBulkhead: Limit;
    BeforeCall: TooLate;
    DuringCall: Deadline;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ByRateLimit;

impl Layer for ByRateLimit {
    const NOTE: Note = Note::Limit;

    #[inline]
    fn note(wait: u64) -> Note {
        if Reason::from_bits(wait).is_above_burst() { Note::AboveBurst } else { Note::Limit }
    }
}

impl NotMade<ByRateLimit> {
    pub(crate) fn is_above_burst(&self) -> bool {
        Reason::from_bits(self.wait).is_above_burst()
    }
}

/// A guard inside a mark ([`NotMade`] or [`TimedOut`]) of an error. Each thread counts the errors that exist in memory.
/// Creating the guard adds one to this count, and dropping the guard subtracts one. `L` is the origin of the error,
/// which selects one of several counters.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Alive<L: Layer>(PhantomData<L>);

impl<L: Layer> Alive<L> {
    #[inline]
    fn new(note: Note) -> Self {
        count_created(note);
        Self(PhantomData)
    }
}

impl<L: Layer> Clone for Alive<L> {
    fn clone(&self) -> Self {
        Self::new(L::NOTE)
    }
}

impl<L: Layer> Drop for Alive<L> {
    #[inline]
    fn drop(&mut self) {
        count_dropped(L::NOTE);
    }
}

/// Marks the error of a call that a timeout ended or prevented. The error returns this mark as its source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{}", match self.by {
    End::Timeout => "the call took too long",
    End::NoTime(_) => "the call was not made: its timeout is zero",
    End::BeforeCall(_) => "the call was not made: the caller's deadline had passed",
    End::DuringCall(_) => "the caller's deadline ended the call",
})]
pub(crate) struct TimedOut {
    /// The time limit of the call.
    pub(crate) after: Duration,
    pub(crate) by: End,
}

/// The limit that ended or prevented the call: the timeout's own limit or the caller's deadline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum End {
    /// The timeout's own limit ended the call. A circuit counts this call as a failure. This variant therefore has no
    /// [`Alive`] guard, which counts only errors that a circuit may ignore.
    Timeout,
    /// The timeout's own limit was zero, so the call did not start.
    NoTime(Alive<BeforeCall>),
    /// The caller's [`deadline`](crate::deadline()) had passed before the call, so the call did not start.
    BeforeCall(Alive<BeforeCall>),
    /// The caller's deadline ended the call.
    DuringCall(Alive<DuringCall>),
}

impl End {
    /// Creates the `End` of a call with the time limit `allowed`. `by_deadline` states whether the caller's deadline
    /// shortened this limit.
    pub(crate) fn new(allowed: Duration, by_deadline: bool) -> Self {
        if !allowed.is_zero() {
            return Self::of_started(by_deadline);
        }
        LastError::reject(Note::TooLate);
        let alive = Alive::new(Note::TooLate);
        if by_deadline { Self::BeforeCall(alive) } else { Self::NoTime(alive) }
    }

    /// Works like [`new`](Self::new), for a call that had started.
    pub(crate) fn of_started(by_deadline: bool) -> Self {
        if by_deadline {
            LastError::reject(Note::Deadline);
            Self::DuringCall(Alive::new(Note::Deadline))
        } else {
            Self::Timeout
        }
    }
}

/// Returns `error` and its sources, at most 65 errors, so that a search also ends if the sources form a cycle.
/// [`Rejection::find`](crate::Rejection::find) promises to search 64 errors. The 65th error can be the mark that the
/// 64th error returns as its source.
pub(crate) fn chain<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    const DEEPEST: usize = 65;
    successors(Some(error), |error: &&'e (dyn Error + 'static)| (*error).source()).take(DEEPEST)
}
