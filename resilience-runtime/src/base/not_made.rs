//! Defines two types, [`NotMade`] and [`ByDeadline`], that mark errors. An error with a mark returns the mark from
//! [`Error::source`](std::error::Error::source). [`NotMade`] marks the error of a call that a layer (one attribute of a
//! function, such as `#[circuit]`) rejected. [`ByDeadline`] marks the error of a call that the caller's deadline ended
//! or prevented.
//!
//! An outer layer finds the mark in the sources of an error, even if another error wraps the marked error. For example,
//! an `io::Error` returns the source of the wrapped error as its own source. An error with `#[error(transparent)]` also
//! returns the source of the wrapped error. The marked error itself need not be `'static`, because an outer layer
//! downcasts only its sources.
//!
//! Some error types hide the sources of an error, and therefore hide the mark. For these error types, each thread
//! counts its existing marks in the module [`existing`](crate::base::existing).

use std::marker::PhantomData;

use thiserror::Error;

use crate::base::existing::{Note, count_created, count_dropped};
use crate::base::name::Name;

/// Marks the error of a rejected call. The error returns this mark as its source. `L` is the kind of the layer
/// (circuit, bulkhead or rate limit) that rejected the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("the call was not made")]
pub(crate) struct NotMade<L: Layer> {
    pub(crate) name: Name,
    /// The time after which the caller may try again. A circuit stores the bits of a `Wait`, which contain the time and
    /// the state of the circuit. A rate limit stores nanoseconds. A bulkhead stores zero, because a bulkhead does not
    /// know when a running call ends.
    pub(crate) wait: u64,
    alive: Alive<L>,
}

impl<L: Layer> NotMade<L> {
    #[inline]
    pub(crate) fn new(name: Name, wait: u64) -> Self {
        Self { name, wait, alive: Alive::new() }
    }
}

/// The origin of an error: a circuit, bulkhead or rate limit that rejected the call, or the caller's deadline.
pub(crate) trait Layer {
    const NOTE: Note;
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
    ByRateLimit: Limit;
    BeforeCall: Limit;
    DuringCall: Deadline;
}

/// A guard inside each mark ([`NotMade`] or [`ByDeadline`]). Each thread counts the existing marks of each kind `L`.
/// Creating the guard adds one to this count, and dropping the guard subtracts one.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Alive<L: Layer>(PhantomData<L>);

impl<L: Layer> Alive<L> {
    #[inline]
    fn new() -> Self {
        count_created(L::NOTE);
        Self(PhantomData)
    }
}

impl<L: Layer> Clone for Alive<L> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<L: Layer> Drop for Alive<L> {
    #[inline]
    fn drop(&mut self) {
        count_dropped(L::NOTE);
    }
}

/// Marks an error that the caller's deadline caused. The error returns this mark as its source.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
pub(crate) enum ByDeadline {
    /// The deadline had passed before the call, so the call did not start.
    #[error("the call was not made: the caller's deadline had passed")]
    Before(Alive<BeforeCall>),
    #[error("the caller's deadline ended the call")]
    During(Alive<DuringCall>),
}

impl ByDeadline {
    pub(crate) fn new(was_made: bool) -> Self {
        if was_made { Self::During(Alive::new()) } else { Self::Before(Alive::new()) }
    }
}
