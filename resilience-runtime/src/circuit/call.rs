//! Defines an admitted call of a circuit, which the permits contain.

use std::borrow::Borrow;
use std::fmt::Display;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::existing::{Existing, LastError, Note};
use crate::base::noted::Failed;
use crate::base::of_thread::of_thread;
use crate::base::repeat::Repeat;
use crate::base::still_open::StillOpen;
use crate::circuit::core::core::Core;
use crate::circuit::core::decision::Admission;
use crate::circuit::core::running;
use crate::circuit::core::ticket::Ticket;
use crate::circuit::core::wait::Wait;
use crate::circuit::error::CircuitOpenError;
use crate::circuit::events::durations_wanted;

/// An admitted call whose outcome is not recorded yet. Unlike [`Call`], which contains an `Admitted`, this type has no
/// destructor, and can therefore stay in registers.
#[derive(Clone, Copy)]
pub(crate) struct Admitted<B> {
    pub(super) core: B,
    pub(crate) ticket: Ticket,
    /// The start time of the call, or `None` if neither the circuit nor an event needs this time. A circuit that counts
    /// slow calls, or has the option `durations`, needs this time. A circuit with the option `hung_after` needs this
    /// time if the body of the call waits. An event with the duration of the call also needs this time.
    pub(super) started: Option<Tick>,
}

impl<B: Borrow<Core>> Admitted<B> {
    /// Returns the time since the start of the call, or `None` if the start time was not recorded.
    #[cfg(feature = "stream")]
    pub(crate) fn elapsed(&self) -> Option<Duration> {
        self.started.map(|started| Tick::now().since(started))
    }

    /// Sets the start of the call to the current time minus `time`.
    #[cfg(feature = "stream")]
    pub(crate) fn set_elapsed(&mut self, time: Duration) {
        self.started = Some(Tick::now().before(time));
    }

    #[inline]
    pub(crate) fn success(&self) {
        self.core.borrow().succeed(self.ticket, self.started);
    }

    #[inline]
    pub(super) fn failure(&self, error: Option<&dyn Display>, retry_after: Option<Duration>, failed: Failed) {
        self.core.borrow().fail(self.ticket, self.started, error, retry_after, failed);
    }

    /// Records a failure of the body, which ran inside the wrapper [`Noted`](crate::base::noted::Noted). This wrapper
    /// stores the kind of the body's error, for example a rejection.
    #[inline]
    pub(crate) fn body_failed(&self, error: Option<&dyn Display>, retry_after: Option<Duration>) {
        self.failure(error, retry_after, Failed::InPoll);
    }

    #[inline]
    pub(crate) fn ignore(&self) {
        self.core.borrow().ignore(self.ticket, self.started);
    }

    pub(crate) fn end_late(&self, failed: Failed) {
        self.core.borrow().end_late(self.ticket, self.started, failed);
    }

    pub(crate) fn end_too_late(&self, failed: Failed) {
        self.core.borrow().end_too_late(self.ticket, self.started, failed);
    }

    #[inline]
    fn cancel(&self, failed: Failed) {
        self.core.borrow().cancel(self.ticket, self.started, failed);
    }
}

/// An admitted call and its state: the content of a permit. `B` is `&Core` in a `Permit`, and `Arc<Core>` in an
/// `OwnedPermit`.
pub(crate) struct Call<B: Borrow<Core>> {
    pub(crate) admitted: Admitted<B>,
    pub(super) progress: Progress,
}

/// Stores the state of a call. This type is 64 bits long, so that a [`Call`] contains no padding. With padding, a move
/// of a `Call` would copy the padding byte by byte.
///
/// The lowest three bits are the state of the call. The bits 16 to 31 can contain the number of waits that circuits have
/// announced to retries on a thread. An announced wait is the time for which a circuit will reject calls. A permit that
/// the user holds contains the number at the admission. The permit of a call that can hang contains the number at the
/// end of the last poll. Each thread counts on its own, so the bits 32 to 63 identify the thread of the number. The 64
/// bits are never all zero, so that a `Result` with a `Call` is as small as the `Call`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Progress(NonZeroU64);

impl Progress {
    /// The call waits, for example between two polls of its body. If the permit is dropped in this state, the call was
    /// cancelled.
    pub(super) const WAITING: Self = Self(NonZeroU64::MIN);
    /// The body of the call is being polled. If the permit is dropped in this state, the body panicked.
    /// `std::thread::panicking` cannot replace this state. For example, `std::thread::panicking` also returns true if
    /// another future in the same `join!` panicked.
    pub(super) const POLLING: Self = Self(NonZeroU64::MIN.saturating_add(1));
    /// The code of a layer (an attribute such as `#[retry]`) below the circuit runs. If the permit is dropped in this
    /// state, a function of the user such as `retry_if` panicked.
    pub(super) const IN_LAYER: Self = Self(NonZeroU64::MIN.saturating_add(2));
    /// The outcome of the call is recorded, or is about to be recorded.
    const ENDED: Self = Self(NonZeroU64::MIN.saturating_add(3));
    /// The user holds the permit. If the permit is dropped in this state, the call was cancelled.
    const OF_USER: Self = Self(NonZeroU64::MIN.saturating_add(4));
    /// The body has ended, and a function of the user such as `failure_if` judges the outcome. If the permit is dropped
    /// in this state, this function panicked. The call then counts as cancelled, and never as hung.
    const JUDGED: Self = Self(NonZeroU64::MIN.saturating_add(5));
    const STATE: u64 = 7;
    const MESSAGES: u32 = 16;
    const THREAD: u32 = 32;

    /// Adds the current number of waits that circuits have announced to retries on this thread, and this thread.
    #[inline]
    fn with_messages(self) -> Self {
        Self(self.0 | u64::from(Existing::now().messages()) << Self::MESSAGES | Self::this_thread())
    }

    /// Returns the bits that identify this thread.
    #[inline]
    fn this_thread() -> u64 {
        (of_thread(|thread| ptr::from_ref(thread).addr()) as u64) << Self::THREAD
    }

    fn is_of_user(self) -> bool {
        self.0.get() & Self::STATE == Self::OF_USER.0.get()
    }

    /// Returns the number of waits. If the number belongs to another thread, returns a number that differs from the
    /// current number of this thread.
    #[expect(clippy::cast_possible_truncation, reason = "the number has 16 bits")]
    fn messages(self) -> u16 {
        if self.0.get() >> Self::THREAD << Self::THREAD == Self::this_thread() {
            (self.0.get() >> Self::MESSAGES) as u16
        } else {
            Existing::now().messages().wrapping_sub(1)
        }
    }
}

impl<B: Borrow<Core>> Call<B> {
    /// Admits or rejects a call. For a rejected call, returns the core of the breaker, and the time after which the
    /// caller may try again. The function that calls `admit` creates the error, so that the error needs no move in
    /// memory.
    // Inlining lets `admit` build the `Call` in the memory of the caller, so that no move is needed. A move would read
    // the forty bytes of the `Call` right after these bytes were written, but in pieces of a different size. The
    // resulting store-forwarding stall of the processor takes more time than the rest of the call.
    //
    // Both arms of the `match` return a ticket (the record of an admission), from which the last lines build the
    // `Call`. If each arm built a `Call`, `admit` would need 26 more instructions.
    #[expect(
        clippy::inline_always,
        reason = "measured: a call in a loop is not inlined otherwise, and costs twice as much"
    )]
    #[inline(always)]
    pub(crate) fn admit(core: B, is_repeat: bool) -> Result<Self, (B, Wait)> {
        let (ticket, is_timed) = match core.borrow().gate.closed() {
            Some(generation) => (Ticket::new(generation, Ticket::NO_TRIAL), durations_wanted()),
            None => match Call::announce(core.borrow(), is_repeat) {
                Ok(ticket) => (ticket, true),
                Err(wait) => return Err((core, wait)),
            },
        };
        let (ticket, started) = if is_timed { core.borrow().start(ticket) } else { (ticket, None) };
        Ok(Self { admitted: Admitted { core, ticket, started }, progress: Progress::WAITING })
    }

    /// Works like [`admit`](Self::admit), but returns a [`CircuitOpenError`] for a rejected call.
    #[expect(clippy::inline_always, reason = "a function around `admit`")]
    #[inline(always)]
    pub(crate) fn acquire(core: B, is_repeat: bool) -> Result<Self, CircuitOpenError> {
        Self::admit(core, is_repeat).map_err(|(core, wait)| CircuitOpenError::new(core.borrow().name.clone(), wait))
    }

    /// Marks the permit of this call as held by the user's code, and calls [`start_wait`](Self::start_wait).
    #[inline]
    pub(crate) fn hand_over(&mut self) {
        self.progress = Progress::OF_USER.with_messages();
        self.start_wait();
    }

    /// Returns the way in which the circuit records a failure of this call, if the call ends outside a poll.
    pub(super) fn failed(&self) -> Failed {
        let messages = self.progress.messages();
        if self.progress.is_of_user() { Failed::ByPermit(messages) } else { Failed::InDrop(messages) }
    }

    /// Ends the call as a failure. The user must hold the permit of the call.
    pub(super) fn end_as_failure(&mut self, error: Option<&dyn Display>, retry_after: Option<Duration>) {
        let failed = self.failed();
        self.end().failure(error, retry_after, failed);
    }

    /// Marks the call as waiting after a poll. If the circuit has the option `hung_after`, also records the time of the
    /// first wait. In addition, records the number of waits that circuits have announced to retries. If the call hangs
    /// and is dropped before the next poll, the circuit needs this number.
    #[inline]
    pub(crate) fn end_poll(&mut self) {
        self.progress = Progress::WAITING;
        if self.admitted.core.borrow().gate.times_waits() {
            self.record_poll();
        }
    }

    #[cold]
    fn record_poll(&mut self) {
        self.progress = self.progress.with_messages();
        self.record_wait();
    }

    /// With the option `hung_after`, records the time at which the body of the call first waits. An async body first
    /// waits when a poll returns `Pending`. For a blocking call, and for a permit that the user holds, the recorded
    /// time is the start of the call. In these two cases, the circuit cannot observe when the called code waits.
    #[inline]
    pub(crate) fn start_wait(&mut self) {
        if self.admitted.core.borrow().gate.times_waits() {
            self.record_wait();
        }
    }

    #[cold]
    fn record_wait(&mut self) {
        let Admitted { ticket, started, .. } = &mut self.admitted;
        if ticket.until_wait().is_none() {
            let now = Tick::now();
            *ticket = ticket.waited_after(now.since(*started.get_or_insert(now)));
        }
    }

    /// Marks the outcome of the call as being judged, until [`end_judged`](Self::end_judged). If a function that judges
    /// the outcome panics, the call counts as cancelled. If the call is a trial, the calls of this function are a part
    /// of the trial.
    #[inline]
    pub(crate) fn judge(&mut self) {
        self.progress = Progress::JUDGED;
        if self.admitted.ticket.is_trial() {
            running::enter::<Core>(self.admitted.core.borrow(), self.admitted.ticket);
        }
    }

    /// Works like [`end`](Self::end), after [`judge`](Self::judge).
    #[inline]
    pub(crate) fn end_judged(&mut self) -> &Admitted<B> {
        if self.admitted.ticket.is_trial() {
            running::leave();
        }
        self.end()
    }

    /// Calls `judge`, which judges an item of a stream. If `judge` panics, the call counts as cancelled.
    #[cfg(feature = "stream")]
    pub(crate) fn judge_item<T>(&mut self, judge: impl FnOnce() -> T) -> T {
        let before = self.progress;
        self.judge();
        let judged = judge();
        self.end_judged();
        self.progress = before;
        judged
    }

    /// Records that the stream of the call has returned an item, and has therefore not hung.
    #[cfg(feature = "stream")]
    #[inline]
    pub(crate) fn record_item(&mut self) {
        let Admitted { core, ticket, started } = &mut self.admitted;
        let core: &Core = (*core).borrow();
        if core.gate.times_waits() {
            core.forget_wait(ticket, started);
        }
    }

    /// Marks the call as ended. The caller then records the outcome. If the caller recorded the outcome first, an event
    /// subscriber could panic, and the destructor of the call would record a second outcome.
    #[inline]
    pub(crate) fn end(&mut self) -> &Admitted<B> {
        self.progress = Progress::ENDED;
        &self.admitted
    }

    #[cold]
    fn abandon(&mut self) {
        let panicked = self.progress == Progress::POLLING || self.progress == Progress::IN_LAYER;
        let is_running = self.progress == Progress::POLLING || self.progress == Progress::JUDGED;
        if is_running && self.admitted.ticket.is_trial() {
            running::leave();
        }
        if self.progress == Progress::JUDGED {
            // Removes the time of the body's first wait. A call whose body has ended did not hang.
            self.admitted.ticket = self.admitted.ticket.at_admission();
        }
        let failed = if panicked { Failed::InPoll } else { self.failed() };
        let call = self.end();
        // Catches a panic of a subscriber of events. If the body of the call has already panicked, a second panic would
        // abort the process.
        let _ = catch_unwind(AssertUnwindSafe(|| {
            if panicked { call.failure(Some(&"panic"), None, failed) } else { call.cancel(failed) }
        }));
    }
}

impl<'a> Call<&'a Core> {
    /// Admits or rejects a call, and emits the events of this decision. This slow path runs for a call that
    /// [`Gate::closed`](crate::circuit::core::gate::Gate::closed) has not admitted. `Gate::closed` admits most calls of
    /// a closed circuit.
    ///
    /// `is_repeat` is true if the decorated function also has a `#[retry]`, and the call belongs to a second or later
    /// attempt of this retry. The function `Repeat::is_running` cannot replace `is_repeat`. `Repeat::is_running`
    /// returns true only during a poll of the body, but the circuit admits the call before the first poll.
    #[cold]
    fn announce(core: &'a Core, is_repeat: bool) -> Result<Ticket, Wait> {
        let admission = match core.admit() {
            Ok(admission) => admission,
            Err((wait, now)) => {
                core.reject(wait);
                StillOpen::leave(core.address(), wait.end(now));
                LastError::reject(Note::Circuit);
                return Err(wait);
            }
        };
        let ticket = admission.ticket;
        if let Some(wait) = admission.shadowed {
            core.reject(wait);
        } else if admission != Admission::of(ticket) {
            // Holds the trial call in a `Call` while the events are emitted. If a subscriber of events panics, the
            // destructor of the `Call` lets the half-open circuit admit another trial call.
            let admitted = Admitted { core, ticket, started: None };
            let mut call = Self { admitted, progress: Progress::WAITING };
            core.announce(&admission);
            call.end();
        }
        Ok(if is_repeat || Repeat::is_running() { ticket.repeated() } else { ticket })
    }
}

impl<B: Borrow<Core>> Drop for Call<B> {
    #[inline]
    fn drop(&mut self) {
        if self.progress != Progress::ENDED {
            self.abandon();
        }
    }
}
