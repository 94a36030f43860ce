//! The sources of errors. They mark an error of a call that a layer rejected, or that the caller's deadline ended.
//!
//! A source identifies such an error inside another error. A wrapper may hide the error itself. For example,
//! `io::Error` and errors with `#[error(transparent)]` return the source of the inner error as their own source. A
//! check of the source also works for an error that is not `'static`.

use std::cell::Cell;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;
use thiserror::Error;

use crate::base::name::Name;

thread_local! {
    /// The number of existing errors on this thread, for each of three kinds: rejections by circuits, rejections by
    /// limits, expired deadlines. An error of a deadline is `Copy`, so the number of deadlines never falls. Each number
    /// wraps.
    ///
    /// The numbers share one word, so that a call through a breaker reads them at once.
    static ERRORS: Cell<[u16; 4]> = const { Cell::new([0; 4]) };
    /// The error that the last [`Noted`] body returned.
    static NOTED: Cell<Note> = const { Cell::new(Note::Other) };
}

/// The source of the error of a call that the layer `L` rejected.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("the call was not made")]
pub(crate) struct NotMade<L: Layer> {
    /// The name of the circuit or limit.
    pub(crate) name: Name,
    /// The time after which the caller may try again, in the encoding of the layer. Zero if the layer does not know the
    /// time.
    pub(crate) wait: u64,
    alive: Alive<L>,
}

impl<L: Layer> NotMade<L> {
    #[inline]
    pub(crate) fn new(name: Name, wait: u64) -> Self {
        Self { name, wait, alive: Alive::new() }
    }
}

/// A kind of layer that rejects calls.
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

/// Counts a rejection as long as this value exists.
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

/// The error at the end of the last poll of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// A circuit rejected a call.
    Circuit,
    /// A bulkhead or a rate limit rejected a call, or the caller's deadline had passed before it.
    Limit,
    /// The caller's deadline ended a call.
    Deadline,
    Other,
}

impl Note {
    /// Returns the error at the end of the last [`Noted`] body, or of the last call of [`noted`].
    ///
    /// The type of the error needs no bound, so the result is an approximation: a layer made such an error during the
    /// last poll of the body, and the error still exists. An error may move to another thread before it is dropped.
    /// Only the change of a number within one poll is therefore meaningful.
    pub(crate) fn last() -> Self {
        NOTED.get()
    }
}

/// Polls a body. If `is_over` returns true for its output, records the error that exists then.
#[inline]
pub(crate) fn noted<T>(poll: impl FnOnce() -> T, is_over: impl FnOnce(&T) -> bool) -> T {
    let before = ERRORS.get();
    let polled = poll();
    if is_over(&polled) {
        let now = ERRORS.get();
        let grew = |note: &Note| is_more(now[*note as usize], before[*note as usize]);
        // Nearly every body leaves the numbers as they were. One comparison of the whole word shows this.
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
    /// A body whose returned error is recorded.
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

/// The source of the error of a call that the caller's deadline ended.
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
