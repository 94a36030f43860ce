//! Counts the retries inside the body of another retry.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

thread_local! {
    /// The number of retries on this thread. An outer retry compares its value before and after a poll of its body.
    static RETRIES: Cell<u32> = const { Cell::new(0) };
}

/// Counts one retry for every retry around it.
#[inline]
pub(crate) fn count() {
    RETRIES.set(RETRIES.get().wrapping_add(1));
}

pin_project_lite::pin_project! {
    /// The body of a retry. It counts the retries that occur while it is polled.
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
