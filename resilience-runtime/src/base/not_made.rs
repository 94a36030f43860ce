//! Defines two kinds of [`Error::source`](std::error::Error::source), which mark errors. [`NotMade`] marks the error of
//! a call that a layer rejected. [`ByDeadline`] marks the error of a call that the caller's deadline ended. A layer is
//! one attribute of a function, such as `#[circuit]`.
//!
//! An outer layer recognises such an error by its source, even inside a wrapper: `io::Error` and errors with
//! `#[error(transparent)]` return the source of the inner error as their own source. The check also works for an error
//! that is not `'static`.
//!
//! Some error types hide their source. Therefore, this module also counts the existing sources on each thread, and
//! [`noted`] compares the counts before and after a poll.

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
    /// The result of the last call of [`noted`] on this thread.
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

/// The kind of error that [`noted`] finds.
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
    /// Returns the result of the last call of [`noted`] on this thread. [`Noted`] also calls `noted`.
    ///
    /// The result is a guess, because the type of the body's error may hide its source. Any result except `Other`
    /// means: a layer created such an error during the last poll of the body. The error still exists, but the body may
    /// have returned another error.
    pub(crate) fn last() -> Self {
        NOTED.get()
    }
}

/// Calls `poll`, which polls a body. If `is_over` returns true for the output, looks for an error that was created
/// during the poll and still exists. Stores the kind of this error for [`Note::last`].
///
/// Compares the counts of [`ERRORS`] before and after the poll. One count alone means nothing, because an error may
/// move to another thread before it is dropped.
#[inline]
pub(crate) fn noted<T>(poll: impl FnOnce() -> T, is_over: impl FnOnce(&T) -> bool) -> T {
    let before = ERRORS.get();
    let polled = poll();
    if is_over(&polled) {
        let now = ERRORS.get();
        let grew = |note: &Note| is_more(now[*note as usize], before[*note as usize]);
        // Compares all four numbers at once, because nearly every poll leaves them unchanged.
        let grown =
            if now == before { None } else { [Note::Circuit, Note::Limit, Note::Deadline].into_iter().find(grew) };
        NOTED.set(grown.unwrap_or(Note::Other));
    }
    polled
}

#[expect(clippy::cast_possible_wrap, reason = "the difference of two wrapping counts has a sign")]
fn is_more(now: u16, before: u16) -> bool {
    now.wrapping_sub(before) as i16 > 0
}

pin_project! {
    /// A future that polls its body through [`noted`]. If the body returns an `Err`, [`Note::last`] returns the kind of
    /// the error.
    #[derive(Debug)]
    pub(crate) struct Noted<F> {
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
        let body = self.project().body;
        noted(|| body.poll(cx), |polled| matches!(polled, Poll::Ready(Err(_))))
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
