//! Counts the retries inside the body of another retry.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::base::not_made::noted;
use crate::base::still_open::StillOpen;

thread_local! {
    /// The sum of all counts on this thread. An outer retry compares its value before and after each poll of its body.
    static RETRIES: Cell<i32> = const { Cell::new(0) };
}

/// Adds to the count of every outer retry.
///
/// A retry is counted when it is granted, because a timeout may drop the call at any wait. A call that succeeds takes its
/// retries off again.
#[inline]
pub(crate) fn count(retries: i32) {
    RETRIES.set(RETRIES.get().wrapping_add(retries));
}

/// The events inside the body of a retry.
#[derive(Debug, Default)]
pub(crate) struct Inside {
    /// The number of retries, without those of calls that succeeded.
    pub(crate) retries: i32,
    /// Whether the body of the current attempt has ended. If a layer rejected the attempt, the notes on this thread are those
    /// of another call.
    pub(crate) has_ended: bool,
}

pin_project_lite::pin_project! {
    /// The body of a retry. It counts the retries that occur while it is polled.
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
        let polled = noted(|| this.body.poll(cx), Poll::is_ready);
        let retries = RETRIES.get().wrapping_sub(before);
        if retries != 0 {
            this.inside.retries = this.inside.retries.saturating_add(retries);
        }
        this.inside.has_ended = polled.is_ready();
        polled
    }
}
