//! Retries within the body of a retry.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    /// The retries on this thread since it began: what counts is how many more there are after a poll.
    static RETRIES: Cell<u32> = const { Cell::new(0) };
}

/// Lets every retry around learn that there is one more.
#[inline]
pub(crate) fn count() {
    RETRIES.set(RETRIES.get().wrapping_add(1));
}

pin_project_lite::pin_project! {
    /// The body of a retry, which counts the retries that are made while it is polled.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Counted<'c, F> {
        count: &'c mut u32,
        #[pin]
        body: F,
    }
}

impl<'c, F> Counted<'c, F> {
    #[inline]
    pub(crate) fn new(count: &'c mut u32, body: F) -> Self {
        Self { count, body }
    }
}

impl<F: Future> Future for Counted<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let before = RETRIES.get();
        let polled = this.body.poll(cx);
        **this.count = this.count.saturating_add(RETRIES.get().wrapping_sub(before));
        polled
    }
}
