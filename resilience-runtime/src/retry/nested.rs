//! Counts nested retries: the retries of the calls that the body of an attempt makes.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::base::existing::{Existing, Note};
use crate::base::of_thread::of_thread;
use crate::base::repeat::Repeat;

/// Adds `retries`, which may be negative, to this thread's count of retries. [`Counted`] reads this count before and
/// after each poll of an attempt. The difference is the number of nested retries in this poll.
///
/// A retry is counted before its pause, because a timeout may drop the call during the pause. When a call succeeds, its
/// retries are subtracted.
#[inline]
pub(crate) fn count(retries: i32) {
    of_thread(|thread| thread.retries.set(thread.retries.get().wrapping_add(retries)));
}

/// The number of nested retries in one call of a retried function, and the progress of the current attempt of this
/// call.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    /// The number of nested retries in all attempts of the call so far, without the retries of successful nested calls.
    pub(crate) retries: i32,
    /// A copy of this thread's counters before the last poll of the body. The counters count the existing errors of
    /// rejected calls and of expired deadlines, and the waits that circuits have announced to retries.
    before: Existing,
    pub(crate) polled: Polled,
    /// Whether the current attempt is a second or later attempt.
    pub(crate) is_repeat: bool,
}

/// The result of the last poll of the current attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Polled {
    /// The body has not been polled in the current attempt.
    #[default]
    Never,
    Pending,
    Ready,
}

impl Inside {
    /// Returns the kind of error that the last poll of the current attempt created: a rejection or an expired deadline.
    /// Returns `Other` if this poll created neither kind, or if the body has not returned.
    ///
    /// Compares the numbers of existing errors before and after the poll. The method `observe` does not make this
    /// comparison, because `observe` runs at each poll, and would slow down every successful call.
    #[inline]
    pub(crate) fn note(&self) -> Note {
        if Existing::now() == self.before { Note::Other } else { self.note_of_change() }
    }

    #[cold]
    #[inline(never)]
    fn note_of_change(&self) -> Note {
        if self.polled == Polled::Ready { self.before.note() } else { Note::Other }
    }

    /// Returns the number of waits that circuits had announced to retries on this thread before the last poll of the
    /// body.
    pub(crate) fn messages(&self) -> u16 {
        self.before.messages()
    }

    /// Returns whether a circuit has announced a wait to retries since the beginning of the last poll. An announced
    /// wait is the time for which a circuit will reject calls.
    #[inline]
    pub(crate) fn has_message(&self) -> bool {
        Existing::now().messages() != self.messages() && self.polled != Polled::Never
    }
}

impl Inside {
    /// Runs `part`, and counts the nested retries in `part`. `part` is one poll of an async body, or the whole body of
    /// a function that is not `async`. `has_ended` returns whether the result of `part` ends the attempt.
    #[inline]
    fn observe<T>(&mut self, part: impl FnOnce() -> T, has_ended: impl FnOnce(&T) -> bool) -> T {
        let before = of_thread(|thread| thread.retries.get());
        let _mark = Repeat::mark(self.is_repeat);
        let existing = Existing::now();
        let made = part();
        let retries = of_thread(|thread| thread.retries.get()).wrapping_sub(before);
        if retries != 0 {
            self.retries = self.retries.saturating_add(retries);
        }
        self.before = existing;
        self.polled = if has_ended(&made) { Polled::Ready } else { Polled::Pending };
        made
    }

    /// Runs the attempt of a function that is not `async`.
    #[inline]
    pub(crate) fn run<T>(&mut self, body: impl FnOnce() -> T) -> T {
        self.observe(body, |_| true)
    }
}

pin_project_lite::pin_project! {
    /// Wraps the future of an attempt, and counts its nested retries.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Counted<'c, F> {
        inside: &'c mut Inside,
        #[pin]
        body: F,
    }
}

impl<'c, F> Counted<'c, F> {
    #[inline]
    pub(crate) fn new(inside: &'c mut Inside, body: F) -> Self {
        Self { inside, body }
    }
}

impl<F: Future> Future for Counted<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        this.inside.observe(|| this.body.poll(cx), Poll::is_ready)
    }
}
