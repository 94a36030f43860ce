//! Finds the kind of an error: a rejection, an expired deadline, or any other error. The search also works if the type
//! of the error does not implement `Error::source`.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::base::existing::{Existing, Note};
use crate::base::still_open::StillOpen;

thread_local! {
    /// Two facts about the last poll of a [`Noted`] future on this thread. The first fact is the kind of the error that
    /// the poll returned. The second fact is the number of messages from circuits to retries at the beginning of the
    /// poll.
    static NOTED: Cell<(Note, u16)> = const { Cell::new((Note::Other, 0)) };
}

impl Note {
    /// Returns the kind of the error that the last polled [`Noted`] future returned. Returns `Other` if this future is
    /// still pending, for example because a timeout ended the call.
    pub(crate) fn last() -> Self {
        NOTED.get().0
    }

    /// Removes the kind of error that an earlier poll stored. A layer calls this function if the layer ends the call
    /// while no body is polled, for example in the pause of a retry.
    pub(crate) fn forget() {
        NOTED.set((Self::Other, NOTED.get().1));
    }
}

pin_project! {
    /// Wraps the body of a function. When a poll of the body returns an error, this future stores the kind of the
    /// error. [`Note::last`] returns the stored kind.
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
            Poll::Ready(Err(_)) => note_error(before),
            // Removes the kind of error that an earlier poll of any body stored. If a timeout ends the call before the
            // next poll of the body, the stored kind would otherwise describe a wrong error.
            Poll::Pending => NOTED.set((Note::Other, before.messages())),
        }
        polled
    }
}

/// Runs one poll of a stream. Stores the kind of an error as [`Noted`] does for the poll of a body.
#[cfg(feature = "stream")]
#[inline]
pub(crate) fn noted<T, E>(poll: impl FnOnce() -> Poll<Option<Result<T, E>>>) -> Poll<Option<Result<T, E>>> {
    let before = Existing::now();
    let polled = poll();
    match &polled {
        Poll::Ready(Some(Err(_))) => note_error(before),
        Poll::Ready(_) => {}
        Poll::Pending => NOTED.set((Note::Other, before.messages())),
    }
    polled
}

/// Runs the body of a function that is not `async`. If the body returns an error, stores the kind of the error, as a
/// [`Noted`] future does.
#[inline]
pub(crate) fn note_run<T, E>(body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let before = Existing::now();
    let outcome = body();
    if outcome.is_err() {
        note_error(before);
    }
    outcome
}

/// Works as [`NotedValue`], for the body of a function that is not `async`.
#[inline]
pub(crate) fn note_value<R>(body: impl FnOnce() -> R) -> R {
    let before = Existing::now().messages();
    let outcome = body();
    NOTED.set((NOTED.get().0, before));
    outcome
}

/// Stores the kind of an error that a body returned. `before` is a copy of this thread's counters of errors, taken
/// before the poll that returned the error.
#[cold]
#[inline(never)]
fn note_error(before: Existing) {
    NOTED.set((before.note(), before.messages()));
}

/// Corrects the stored kind of an error after a function of the user has replaced this error by another error. `before`
/// is a copy of this thread's counters of errors, taken before the function was called.
#[cold]
pub(crate) fn note_replacement(before: Existing) {
    let note = before.note();
    if note != Note::Other || before.has_lost(Note::last()) {
        NOTED.set((note, before.messages()));
    }
}

/// Makes all messages from circuits to retries void, unless a circuit has left a message since the beginning of the
/// last poll of the body. A circuit calls this function when it has recorded a failure of the body and is still
/// closed.
pub(crate) fn void_messages() {
    if Existing::now().messages() == NOTED.get().1 {
        StillOpen::void();
    }
}

/// Works like [`void_messages`], for a call whose permit is held by the user's code and not by generated code. `before`
/// is the number of messages when the circuit admitted the call. If the failure has opened the circuit, the circuit has
/// left a message, so that this function does nothing.
#[cold]
#[inline(never)]
pub(crate) fn void_messages_of_permit(before: u16) {
    if Existing::now().messages() == before {
        StillOpen::void();
    }
}

pin_project! {
    /// Wraps the body of a function whose circuit has the option `failure_if_ok`. This future stores the number of
    /// messages from circuits to retries at the beginning of the last poll, even if the body returns `Ok`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct NotedValue<F> {
        #[pin]
        body: F,
    }
}

impl<F> NotedValue<F> {
    #[inline]
    pub(crate) fn new(body: F) -> Self {
        Self { body }
    }
}

impl<F: Future> Future for NotedValue<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let before = Existing::now().messages();
        let polled = self.project().body.poll(cx);
        NOTED.set((NOTED.get().0, before));
        polled
    }
}
