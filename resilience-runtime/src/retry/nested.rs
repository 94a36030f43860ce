//! Counts the retries that nested calls make inside the body of a retry.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::base::not_made::{Existing, Note};
use crate::base::repeat::Repeat;
use crate::base::still_open::StillOpen;

thread_local! {
    /// The number of retries that were granted on this thread, minus the retries of calls that succeeded. A retry
    /// compares the numbers before and after each poll of its body, and so counts the retries inside its body.
    static RETRIES: Cell<i32> = const { Cell::new(0) };
}

/// Adds `retries` to the number of retries on this thread, and thereby to the count of every retry around the current
/// call. A negative `retries` reduces these numbers.
///
/// A retry is counted at once when it is granted, because a timeout may drop the call at any `.await`. A call that
/// succeeds subtracts its retries again.
#[inline]
pub(crate) fn count(retries: i32) {
    RETRIES.set(RETRIES.get().wrapping_add(retries));
}

/// The retries inside the body of a retry, and whether the body has ended.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    /// The number of retries inside the body in all attempts, without the retries of calls that succeeded.
    pub(crate) retries: i32,
    /// The kind of the error that a layer created at the end of the body. `None` if a layer ended the current attempt
    /// before the body ended. The thread-local value of `StillOpen` (the last open circuit) then describes another call.
    pub(crate) ended: Option<Note>,
    /// Whether the current attempt is the second or a later one.
    pub(crate) is_repeat: bool,
}

pin_project_lite::pin_project! {
    /// Wraps the body of a retry, and counts the retries inside the body during each poll.
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
        let before = RETRIES.get();
        StillOpen::note(None);
        let _mark = Repeat::mark(this.inside.is_repeat);
        let existing = Existing::now();
        let polled = this.body.poll(cx);
        let retries = RETRIES.get().wrapping_sub(before);
        if retries != 0 {
            this.inside.retries = this.inside.retries.saturating_add(retries);
        }
        this.inside.ended = polled.is_ready().then(|| existing.note());
        polled
    }
}
