//! Defines [`Watched`], the future that polls the body of an admitted call. Also defines [`BodyWaits`], which connects
//! the body below a hedge with the circuits above the hedge.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use crate::circuit::permit::Permit;

pin_project_lite::pin_project! {
    /// Polls the body of a call. Records the beginning and the end of each poll in the permit of the call. If the
    /// permit is dropped during a poll, the body has panicked. If the permit is dropped between two polls, the call was
    /// cancelled. If the permit is dropped after the last poll, a function of the user such as `retry_if` has panicked.
    ///
    /// If the type `B` is `&BodyWaits`, the field `body` is the future of a hedge. An attribute below the hedge can wait
    /// before the body starts, for example in a queue. Otherwise, `B` is `()`.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Watched<'p, 'b, F, B = ()> {
        permit: &'p mut Permit<'b>,
        #[pin]
        body: F,
        waits: B,
    }
}

impl<'p, 'b, F> Watched<'p, 'b, F> {
    #[inline]
    pub(crate) fn new(permit: &'p mut Permit<'b>, body: F) -> Self {
        Self { permit, body, waits: () }
    }

    /// Returns the same future for a circuit above a hedge. The time for the option `hung_after` then begins when the
    /// body of an attempt first waits.
    pub fn of_hedge(self, waits: &BodyWaits) -> Watched<'p, 'b, F, &BodyWaits> {
        Watched { permit: self.permit, body: self.body, waits }
    }
}

impl<F: Future, B: HasWaited> Future for Watched<'_, '_, F, B> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let poll = this.permit.run(|| this.body.poll(cx));
        if poll.is_pending() {
            if this.waits.has_waited() {
                this.permit.0.end_poll();
            } else {
                this.permit.wait();
            }
        }
        poll
    }
}

/// Decides whether the body of a call has waited.
pub trait HasWaited {
    /// Returns whether the body has waited. The caller calls this method after the watched future has returned
    /// `Pending`.
    fn has_waited(&self) -> bool;
}

impl HasWaited for () {
    #[inline]
    fn has_waited(&self) -> bool {
        true
    }
}

impl HasWaited for &BodyWaits {
    #[inline]
    fn has_waited(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Stores whether the body has waited in an attempt of a hedge. The body waits if its poll returns `Pending`. An
/// attempt can also wait before its body starts, for example in the queue of a bulkhead below the hedge. A circuit
/// above the hedge needs this information for the option `hung_after`.
///
/// The content is atomic, because the future of a call must be `Send`.
#[derive(Debug, Default)]
pub struct BodyWaits(AtomicBool);

impl BodyWaits {
    /// Creates the state of a hedge whose body has not waited.
    #[inline]
    pub const fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Wraps the body of an attempt. The returned future stores that the body waits.
    #[inline]
    pub fn of<F: Future>(&self, body: F) -> Waiting<'_, F> {
        Waiting { waits: self, body }
    }
}

pin_project_lite::pin_project! {
    /// Polls the body of an attempt of a hedge. If the body waits, stores this fact for the circuits above the hedge.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Waiting<'w, F> {
        waits: &'w BodyWaits,
        #[pin]
        body: F,
    }
}

impl<F: Future> Future for Waiting<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let poll = this.body.poll(cx);
        if poll.is_pending() {
            this.waits.0.store(true, Ordering::Relaxed);
        }
        poll
    }
}
