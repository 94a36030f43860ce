//! Finds the kind of an error that a body returned: a rejection, an expired deadline, or any other error. The search
//! also works if the error type has no `Error::source`.

use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::base::existing::{Errors, Existing, LastError, Note};
use crate::base::of_thread::{OfThread, of_thread};
use crate::base::still_open::{Messages, Reason, StillOpen};

impl Note {
    /// Returns the kind of the last error on this thread: a rejection, an expired deadline, or any other error.
    /// [`LastError`] defines the last error.
    pub(crate) fn last() -> Self {
        LastError::get().kind()
    }

    /// Removes the kind of error that an earlier poll of a body stored on this thread. A `#[timeout]` calls this
    /// function when the timeout ends a call. If the call was in the pause of a retry, the stored kind belongs to an
    /// earlier attempt.
    pub(crate) fn forget() {
        LastError::remove(LastError::get().messages());
    }
}

pin_project! {
    /// Wraps the body of a function. When the body returns an error, this future stores the kind of the error for
    /// [`Note::last`].
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
        note_poll(Existing::now(), || self.project().body.poll(cx))
    }
}

/// Polls a body once. If the body returns an error, stores the kind of the error. `before` is a copy of this thread's
/// counters of errors that was taken before the poll.
#[inline]
fn note_poll<T, E>(before: Existing, poll: impl FnOnce() -> Poll<Result<T, E>>) -> Poll<Result<T, E>> {
    let polled = guarded(before, poll);
    match &polled {
        // No code reads the last error after a success.
        Poll::Ready(Ok(_)) => {}
        Poll::Ready(Err(_)) => note_error(before),
        // Removes the kind of error that an earlier poll of this body or of another body stored. If a timeout ended the
        // call now, [`Note::last`] would otherwise return this old kind.
        Poll::Pending => LastError::remove(before.messages()),
    }
    polled
}

/// A copy of this thread's counters of errors. The generated code makes this copy before it calls a fallback function.
#[derive(Debug)]
#[must_use]
pub struct Before(Existing);

impl Before {
    /// Copies the counters of this thread.
    #[inline]
    pub fn now() -> Self {
        Self(Existing::now())
    }

    /// Returns the changes of the counters since this copy was made.
    #[inline]
    pub fn changes(self) -> Changes {
        Changes(self.0.changes())
    }
}

/// The changes of this thread's counters of errors during the call of a function that returns a future or a stream. The
/// function may run code before it returns. If this code makes a rejected call, the error of this call exists before
/// the first poll of the future or the stream.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
pub struct Changes(Existing);

pin_project! {
    /// Works like [`Noted`], for the future of a fallback. The first poll includes the changes that the call of the
    /// fallback function made.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct NotedCall<F> {
        changes: Changes,
        #[pin]
        body: F,
    }
}

impl<F> NotedCall<F> {
    pub(crate) fn new(changes: Changes, body: F) -> Self {
        Self { changes, body }
    }
}

impl<T, E, F: Future<Output = Result<T, E>>> Future for NotedCall<F> {
    type Output = Result<T, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<T, E>> {
        let this = self.project();
        let changes = mem::take(this.changes);
        let before = Existing::now().minus(changes.0);
        let polled = note_poll(before, || this.body.poll(cx));
        // A circuit may count this value as a failure, because of the option `failure_if_ok`.
        if let Poll::Ready(Ok(_)) = &polled {
            LastError::set_messages(before.messages());
        }
        polled
    }
}

/// Polls a stream once. If the stream returns an `Err` item, stores the kind of the error, as [`Noted`] does for the
/// error of a body. `changes` contains the changes of this thread's counters of errors in the function that returned
/// the stream, and is empty after the first poll.
#[cfg(feature = "stream")]
#[inline]
pub(crate) fn noted<T, E>(
    changes: Changes,
    poll: impl FnOnce() -> Poll<Option<Result<T, E>>>,
) -> Poll<Option<Result<T, E>>> {
    let before = Existing::now().minus(changes.0);
    let polled = guarded(before, poll);
    match &polled {
        Poll::Ready(Some(Err(_))) => note_error(before),
        // A circuit may count this item as a failure, for example because of `failure_if_ok`. The circuit then needs
        // the number of waits that circuits had announced to retries before the poll.
        Poll::Ready(Some(Ok(_))) => LastError::set_messages(before.messages()),
        Poll::Ready(None) => {}
        Poll::Pending => LastError::remove(before.messages()),
    }
    polled
}

/// Works like [`Noted`], for the body of a function that is not `async`.
#[inline]
pub(crate) fn note_run<T, E>(body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    let before = Existing::now();
    let outcome = guarded(before, body);
    if outcome.is_err() {
        note_error(before);
    }
    outcome
}

/// Works like [`NotedValue`], for the body of a function that is not `async`.
#[inline]
pub(crate) fn note_value<R>(body: impl FnOnce() -> R) -> R {
    let before = Existing::now().messages();
    let outcome = body();
    LastError::set_messages(before);
    outcome
}

/// Calls `poll`, which polls a body. If the body panics, the circuit of the call records a failure. The circuit then
/// needs the number of waits that circuits had announced to retries before the poll. This function therefore stores the
/// number from `before`, a copy of this thread's counters that was taken before the poll.
#[inline]
fn guarded<T>(before: Existing, poll: impl FnOnce() -> T) -> T {
    let unwinding = Unwinding(before);
    let polled = poll();
    mem::forget(unwinding);
    polled
}

/// A guard that is dropped only if a body panics.
struct Unwinding(Existing);

impl Drop for Unwinding {
    #[cold]
    #[inline(never)]
    fn drop(&mut self) {
        LastError::remove(self.0.messages());
    }
}

/// Stores the kind of an error (for example a rejection) that a body returned. `before` is a copy of this thread's
/// counters of errors, taken before the poll that returned the error.
#[cold]
#[inline(never)]
fn note_error(before: Existing) {
    LastError::set_kind(before.note(), before.messages());
}

/// Describes an error that a fallback replaces. The fallback creates this value before the user's function receives the
/// error.
#[derive(Debug)]
pub(crate) struct Replaced {
    before: Existing,
    last: LastError,
}

impl Replaced {
    #[cold]
    pub(crate) fn now() -> Self {
        Self { before: Existing::now(), last: LastError::get() }
    }

    /// Stores the kind of the error (for example a rejection) that the user's function returned. The returned error may
    /// be the replaced error.
    #[cold]
    pub(crate) fn note(self) {
        let Self { before, last } = self;
        LastError::set_kind(before.note_instead_of(last), last.messages());
    }
}

/// Calls a function of the user that receives an event, or that judges the outcome of the body, as `retry_if` does. The
/// function may itself call decorated functions, and may keep their errors. The layers above must not take such an
/// error for the error of the body. A retry must ignore the circuits and the retries of such a call. After the function
/// has returned or panicked, `aside` therefore restores three values of this thread. These values are the counters of
/// errors, the waits that circuits have announced to retries, and the number of retries that calls have made. A call
/// that the function makes is not a repeat. `aside` therefore clears the flags of
/// [`Repeat`](crate::base::repeat::Repeat) while the function runs.
///
/// The deadline still applies to these calls, because the caller waits for the function. The trial calls that surround
/// the function also stay in force. Otherwise, a half-open circuit would reject the calls of the function.
///
/// Not inlined, because the copies of these values would slow down each function that calls `aside`.
#[inline(never)]
pub(crate) fn aside<T>(function: impl FnOnce() -> T) -> T {
    let (retries, repeat) = of_thread(|OfThread { retries, repeat, .. }| (retries.get(), repeat.replace(0)));
    let _restored = Aside { errors: Errors::now(), messages: Messages::now(), retries, repeat };
    function()
}

/// A guard that sets the values of this thread back to its fields, even if the function of the user panics. The body of
/// a retry may catch this panic.
struct Aside {
    errors: Errors,
    messages: Messages,
    retries: i32,
    repeat: u8,
}

impl Drop for Aside {
    #[inline]
    fn drop(&mut self) {
        self.messages.restore();
        self.errors.restore();
        of_thread(|thread| {
            thread.retries.set(self.retries);
            thread.repeat.set(self.repeat);
        });
    }
}

/// The way in which a circuit recorded a failure. The way determines which waits belong to circuits that the failed call
/// itself called. If such a circuit has announced a wait, this wait remains valid for retries.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Failed {
    /// The body returned or panicked inside a wrapper such as [`Noted`], or the code of a layer below the circuit
    /// panicked.
    InPoll,
    /// The call was dropped between two polls. The number counts the waits that circuits had announced to retries at the
    /// end of the last poll.
    InDrop(u16),
    /// The user's code ended or dropped the permit. The number counts the waits that circuits had announced to retries
    /// when the circuit admitted the call.
    ByPermit(u16),
}

impl Failed {
    /// Makes retries ignore all waits that circuits have announced on this thread so far. Does nothing if a circuit
    /// inside the failed call has announced a wait. A circuit calls this function when it records a failure, and
    /// announces no wait itself.
    #[inline]
    pub(crate) fn void_messages(self) {
        let now = Existing::now().messages();
        let is_last = match self {
            Self::InPoll => now == LastError::get().messages(),
            Self::InDrop(after) => Self::is_last_in_drop(after, now),
            Self::ByPermit(before) => now == before,
        };
        if is_last {
            StillOpen::void();
        }
    }

    /// Returns whether no circuit inside a dropped call has announced a wait during the last poll or during the drop.
    #[cold]
    #[inline(never)]
    fn is_last_in_drop(after: u16, now: u16) -> bool {
        // A circuit may have announced a wait since the last poll. If the circuit did so before the drop, the wait
        // belongs to another call. If it did so during the drop, its call is inside the dropped call.
        if after == now { now == LastError::get().messages() } else { !StillOpen::is_newest_by(Reason::Drop) }
    }

    /// Returns the reason of the message that the circuit leaves for retries if the failure opened the circuit.
    pub(crate) fn reason(self) -> Reason {
        if matches!(self, Self::InDrop(_)) { Reason::Drop } else { Reason::Failure }
    }
}

pin_project! {
    /// Wraps the body of a call whose circuit may count an `Ok` as a failure, for example because of the option
    /// `failure_if_ok`. Before each poll, this future therefore reads the number of waits that circuits have announced
    /// to retries on this thread. After the poll, this future stores this number for the circuit, even if the body
    /// returns `Ok`.
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
        LastError::set_messages(before);
        polled
    }
}
