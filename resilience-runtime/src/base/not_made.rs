//! Defines two kinds of [`Error::source`](std::error::Error::source), which mark errors. [`NotMade`] marks the error of
//! a call that a layer rejected. [`ByDeadline`] marks the error of a call that the caller's deadline ended. A layer is
//! one attribute of a function, such as `#[circuit]`.
//!
//! An outer layer recognises such an error by its source, even inside a wrapper: `io::Error` and errors with
//! `#[error(transparent)]` return the source of the inner error as their own source. The check also works for an error
//! that is not `'static`.
//!
//! Some error types hide their source. Therefore, this module also counts the existing sources on each thread, and
//! [`Existing`] compares the counts before and after a poll.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use thiserror::Error;

use crate::base::name::Name;

thread_local! {
    /// The number of sources created on this thread, minus the number dropped on it, for each variant of [`Note`]. A
    /// [`ByDeadline`] is `Copy`, so it is counted when created, but not when dropped. Each number wraps.
    ///
    /// The four numbers fill 64 bits, so that a call through a breaker reads them in one load.
    static ERRORS: Cell<[u16; 4]> = const { Cell::new([0; 4]) };
    /// The kind of the error that the last [`Noted`] body returned.
    static NOTED: Cell<Note> = const { Cell::new(Note::Other) };
}

/// The source of an error that reports a rejection by a layer of the kind `L`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("the call was not made")]
pub(crate) struct NotMade<L: Layer> {
    /// The name of the circuit, bulkhead or rate limit that rejected the call.
    pub(crate) name: Name,
    /// The time after which the caller may try again: the bits of a `Wait` for a circuit, and nanoseconds for a rate
    /// limit. A bulkhead stores zero, because it does not know the time.
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

/// Counts a rejection in [`ERRORS`] as long as this value exists.
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

/// The kind of an error that a layer created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// A circuit rejected a call.
    Circuit,
    /// A bulkhead or a rate limit rejected a call, or the caller's deadline had passed before the call.
    Limit,
    /// The caller's deadline ended a call.
    Deadline,
    /// Any other error, or no error.
    Other,
}

impl Note {
    /// Returns the kind of the error that the last [`Noted`] body returned. If a layer ended the call before the body ended,
    /// returns `Other`.
    pub(crate) fn last() -> Self {
        NOTED.get()
    }
}

/// The number of existing errors on this thread, before a poll of a body.
///
/// The type of the body's error may hide its source. The difference of two numbers shows the kind of the error instead:
/// a layer created such an error during the poll, and the error still exists. This is a guess, because the body may have
/// returned another error. One number alone means nothing, because an error may move to another thread before it is
/// dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Existing([u16; 4]);

impl Existing {
    /// Returns the numbers of the errors that exist now.
    #[inline]
    pub(crate) fn now() -> Self {
        Self(ERRORS.get())
    }

    /// Returns the kind of an error that a layer has created since, and that still exists.
    #[inline]
    pub(crate) fn note(self) -> Note {
        let now = Self::now();
        // Compares all four numbers at once, because nearly every poll leaves them unchanged.
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
    /// A body whose error hides its sources. At the end of each poll, stores the kind of the error for [`Note::last`].
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
            // Nothing reads the note after a success.
            Poll::Ready(Ok(_)) => {}
            Poll::Ready(Err(_)) => NOTED.set(before.note()),
            // A timeout may now end the call with an error of its own.
            Poll::Pending => NOTED.set(Note::Other),
        }
        polled
    }
}

/// The source of an error that the caller's deadline caused.
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
