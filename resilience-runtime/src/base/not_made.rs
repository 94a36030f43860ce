//! Defines two types, [`NotMade`] and [`ByDeadline`], that mark errors. An error with a mark returns the mark from
//! [`Error::source`](std::error::Error::source). [`NotMade`] marks the error of a call that a layer rejected.
//! [`ByDeadline`] marks the error of a call that the caller's deadline ended. A layer is one attribute of a function,
//! such as `#[circuit]`.
//!
//! An outer layer finds the mark in the sources of an error, even if another error wraps the marked error. For example,
//! an `io::Error` returns the source of the wrapped error as its own source. An error with `#[error(transparent)]` also
//! returns the source of the wrapped error. An outer layer also finds the mark of an error that is not `'static`.
//!
//! Some error types hide the source of an error, and thereby the mark. For error types that hide the source, this
//! module counts the existing marks on each thread. [`Existing`] compares the counts before and after a poll.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use thiserror::Error;

use crate::base::name::Name;

thread_local! {
    /// The number of marks ([`NotMade`] or [`ByDeadline`]) that this thread created, minus the number of marks that
    /// this thread dropped. Each variant of [`Note`] has its own number. A [`ByDeadline`] is `Copy`, so only the
    /// creation of a [`ByDeadline`] is counted. Each number wraps at 2^16.
    ///
    /// The four numbers have 64 bits together, so that one load reads all four numbers.
    static ERRORS: Cell<[u16; 4]> = const { Cell::new([0; 4]) };
    /// The kind of the error that the last polled [`Noted`] future returned. If this future is still pending, the kind
    /// is `Note::Other`.
    static NOTED: Cell<Note> = const { Cell::new(Note::Other) };
}

/// The mark of the error of a rejected call. The error returns this value as its source. `L` is the kind of the layer
/// (circuit, bulkhead or rate limit) that rejected the call.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("the call was not made")]
pub(crate) struct NotMade<L: Layer> {
    /// The name of the circuit, bulkhead or rate limit that rejected the call.
    pub(crate) name: Name,
    /// The time after which the caller may try again. A circuit stores the time as the bits of a `Wait`, the type for
    /// waiting times of circuits. A rate limit stores nanoseconds. A bulkhead stores zero, because a bulkhead does not
    /// know the time.
    pub(crate) wait: u64,
    alive: Alive<L>,
}

impl<L: Layer> NotMade<L> {
    #[inline]
    pub(crate) fn new(name: Name, wait: u64) -> Self {
        Self { name, wait, alive: Alive::new() }
    }
}

/// A kind of layer that rejects calls: a circuit, a bulkhead or a rate limit.
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
}

/// A guard that counts one rejection in [`ERRORS`] from the creation of the guard to the drop of the guard.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Alive<L: Layer>(PhantomData<L>);

impl<L: Layer> Alive<L> {
    #[inline]
    fn new() -> Self {
        count(L::NOTE, 1);
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
        count(L::NOTE, u16::MAX);
    }
}

#[inline]
fn count(note: Note, change: u16) {
    let mut errors = ERRORS.get();
    let errors_of = &mut errors[note as usize];
    *errors_of = errors_of.wrapping_add(change);
    ERRORS.set(errors);
}

/// The kind of an error: a rejection, an expired deadline, or any other error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// The error of a call that a circuit rejected.
    Circuit,
    /// The error of a call that did not start. A bulkhead or a rate limit rejected the call, or the caller's deadline
    /// had passed.
    Limit,
    /// The error of a call that the caller's deadline ended.
    Deadline,
    /// Any other error. A call without an error also has the kind `Other`.
    Other,
}

impl Note {
    /// Returns the kind of the error that the last polled [`Noted`] future returned. Returns `Other` if this future was
    /// still pending, for example because a timeout ended the call first.
    pub(crate) fn last() -> Self {
        NOTED.get()
    }
}

/// A copy of the four numbers in [`ERRORS`], read before the poll of a body. There is one number for each [`Note`]
/// (kind of error).
///
/// The error type of the body may hide the kind of an error. If a number is greater after the poll, an error of this
/// kind was created during the poll and still exists. The method `note` then assumes that the body has returned the new
/// error. The assumption is wrong if the body has kept the new error and returned a different error. A single number
/// means nothing, because an error may move to a different thread before the error is dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Existing([u16; 4]);

impl Existing {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(ERRORS.get())
    }

    /// Returns the kind of error whose number in [`ERRORS`] is now greater than in `self`. Returns `Other` if no number
    /// is greater.
    #[inline]
    pub(crate) fn note(self) -> Note {
        let now = Self::now();
        // Compares all four numbers at once, because nearly every poll changes none of the four numbers.
        if now == self {
            return Note::Other;
        }
        let grew = |note: &Note| is_more(now.0[*note as usize], self.0[*note as usize]);
        [Note::Circuit, Note::Limit, Note::Deadline].into_iter().find(grew).unwrap_or(Note::Other)
    }
}

#[expect(clippy::cast_possible_wrap, reason = "the difference of two wrapping counts has a sign")]
fn is_more(now: u16, before: u16) -> bool {
    now.wrapping_sub(before) as i16 > 0
}

pin_project! {
    /// Wraps the body of a function whose error type hides the source of an error. When a poll of the body returns an
    /// error, this future stores the kind of the error. [`Note::last`] returns the stored kind.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Noted<F> {
        #[pin]
        body: F,
    }
}

impl<F> Noted<F> {
    #[inline]
    pub(crate) fn new(body: F) -> Self {
        Self { body }
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for Noted<F> {
    type Output = Result<T, E>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let before = Existing::now();
        let polled = self.project().body.poll(cx);
        match &polled {
            // No code reads `NOTED` after a success.
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(_)) => NOTED.set(before.note()),
            // Replaces the kind of an earlier error, because a timeout may end the call before the next poll of the
            // body.
            Poll::Pending => NOTED.set(Note::Other),
        }
        polled
    }
}

/// The mark of an error that the caller's deadline caused. The error returns this value as its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
pub(crate) enum ByDeadline {
    /// The deadline had passed before the call, so the call did not start.
    #[error("the call was not made: the caller's deadline had passed")]
    Before,
    #[error("the caller's deadline ended the call")]
    During,
}

impl ByDeadline {
    pub(crate) fn new(was_made: bool) -> Self {
        count(if was_made { Note::Deadline } else { Note::Limit }, 1);
        if was_made { Self::During } else { Self::Before }
    }
}
