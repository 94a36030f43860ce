//! Counts the retries inside the body of another retry.

use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::base::not_made::noted;
use crate::base::still_open::StillOpen;

thread_local! {
    /// The number of retries of failed calls inside the body that this thread polls now.
    static RETRIES: Cell<u32> = const { Cell::new(0) };
}

/// Adds the retries of a call that did not succeed to the count of the outer retry.
#[inline]
pub(crate) fn count(retries: u32) {
    RETRIES.set(RETRIES.get().saturating_add(retries));
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
        let outer = RETRIES.replace(0);
        StillOpen::note(None);
        let polled = noted(|| this.body.poll(cx), Poll::is_ready);
        **this.count = this.count.saturating_add(RETRIES.replace(outer));
        polled
    }
}
