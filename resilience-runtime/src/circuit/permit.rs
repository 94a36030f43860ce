//! Defines the permits, which record the outcomes of admitted calls.

use std::borrow::Borrow;
use std::fmt::{self, Display};
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::existing::{Existing, LastError, Note};
use crate::base::noted::Failed;
use crate::base::repeat::Repeat;
use crate::base::still_open::{Reason, StillOpen};
use crate::base::sync::Arc;
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
    core: B,
    pub(crate) ticket: Ticket,
    /// The start time of the call, or `None` if neither the circuit nor an event needs this time. A circuit that counts
    /// slow calls, or has the option `durations`, needs this time. A circuit with the option `hung_after` needs this
    /// time if the body of the call waits. An event with the duration of the call also needs this time.
    started: Option<Tick>,
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

/// An admitted call and its state: the content of a permit. `B` is `&Core` in a [`Permit`], and `Arc<Core>` in an
/// [`OwnedPermit`].
pub(crate) struct Call<B: Borrow<Core>> {
    pub(crate) admitted: Admitted<B>,
    progress: Progress,
}

/// Stores the state of a call. This type is 64 bits long, so that a [`Call`] contains no padding. With padding, a move
/// of a `Call` would copy the padding byte by byte.
///
/// The lowest three bits are the state of the call. The bits 16 to 31 can contain the number of waits that circuits have
/// announced to retries on this thread. An announced wait is the time for which a circuit will reject calls. A permit
/// that the user holds contains the number at the admission. The permit of a call that can hang contains the number at
/// the end of the last poll. The 64 bits are never all zero, so that a `Result` with a `Call` is as small as the `Call`.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Progress(NonZeroU64);

impl Progress {
    /// The call waits, for example between two polls of its body. If the permit is dropped in this state, the call was
    /// cancelled.
    const WAITING: Self = Self(NonZeroU64::MIN);
    /// The body of the call is being polled. If the permit is dropped in this state, the body panicked.
    /// `std::thread::panicking` cannot replace this state. For example, `std::thread::panicking` also returns true if
    /// another future in the same `join!` panicked.
    const POLLING: Self = Self(NonZeroU64::MIN.saturating_add(1));
    /// The code of a layer (an attribute such as `#[retry]`) below the circuit runs. If the permit is dropped in this
    /// state, a function of the user such as `retry_if` panicked.
    const IN_LAYER: Self = Self(NonZeroU64::MIN.saturating_add(2));
    /// The outcome of the call is recorded, or is about to be recorded.
    const ENDED: Self = Self(NonZeroU64::MIN.saturating_add(3));
    /// The user holds the permit. If the permit is dropped in this state, the call was cancelled.
    const OF_USER: Self = Self(NonZeroU64::MIN.saturating_add(4));
    const STATE: u64 = 7;
    const MESSAGES: u32 = 16;

    /// Adds the current number of waits that circuits have announced to retries on this thread.
    #[inline]
    fn with_messages(self) -> Self {
        Self(self.0 | u64::from(Existing::now().messages()) << Self::MESSAGES)
    }

    fn is_of_user(self) -> bool {
        self.0.get() & Self::STATE == Self::OF_USER.0.get()
    }

    #[expect(clippy::cast_possible_truncation, reason = "the number has 16 bits")]
    fn messages(self) -> u16 {
        (self.0.get() >> Self::MESSAGES) as u16
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
    fn end_as_failure(&mut self, error: Option<&dyn Display>, retry_after: Option<Duration>) {
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
        if self.progress == Progress::POLLING && self.admitted.ticket.is_trial() {
            running::leave();
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
            Err(wait) => {
                core.reject(wait);
                StillOpen::leave(core.address(), wait.until_admission(), Reason::Rejection);
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

macro_rules! permit {
    ($(#[$doc:meta])* $permit:ident $(<$lifetime:lifetime>)?, $core:ty) => {
        $(#[$doc])*
        #[must_use = "a permit that is dropped without a verdict counts as a cancelled call"]
        pub struct $permit $(<$lifetime>)? (pub(crate) Call<$core>);

        impl $(<$lifetime>)? $permit $(<$lifetime>)? {
            /// Ends the call as a success.
            #[inline]
            pub fn success(mut self) {
                self.0.end().success();
            }

            /// Ends the call as a failure.
            pub fn failure(mut self) {
                self.0.end_as_failure(None, None);
            }

            /// Ends the call as a failure. The emitted events show the first 50 characters of `error`.
            pub fn failure_with(mut self, error: &dyn Display) {
                self.0.end_as_failure(Some(error), None);
            }

            /// Ends the call as a failure. `time` is the delay that the service asked for, for example by a
            /// `Retry-After` header.
            ///
            /// If this failure opens the circuit, the cooldown lasts for the longer of two times: the circuit's own
            /// cooldown and the delay `time`. The option `cooldown_jitter` extends both times. The resulting cooldown
            /// is at most `max_cooldown`.
            ///
            /// ```
            /// use std::time::Duration;
            /// use resilience_runtime::CircuitBreaker;
            ///
            /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
            /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
            /// let breaker = CircuitBreaker::builder("failure_retry_after_example").threshold(1).build()?;
            /// breaker.try_acquire()?.failure_retry_after(Duration::from_secs(60));
            /// assert_eq!(breaker.stats().cooldown_remaining, Duration::from_secs(60));
            /// # Ok(())
            /// # }
            /// ```
            pub fn failure_retry_after(mut self, time: Duration) {
                self.0.end_as_failure(None, Some(time));
            }

            /// Ends the call as neither success nor failure. This method is for an error that is no fault of the
            /// service, such as "not found".
            ///
            /// ```
            /// use resilience_runtime::CircuitBreaker;
            ///
            /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
            /// let breaker = CircuitBreaker::builder("ignore_example").build()?;
            /// breaker.try_acquire()?.ignore();
            /// assert_eq!((breaker.stats().failures, breaker.stats().total_ignored), (0, 1));
            /// # Ok(())
            /// # }
            /// ```
            pub fn ignore(mut self) {
                self.0.end().ignore();
            }
        }

        impl $(<$lifetime>)? fmt::Debug for $permit $(<$lifetime>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($permit)).field("circuit", &self.0.admitted.core.name.as_str()).finish_non_exhaustive()
            }
        }
    };
}

permit! {
    /// Permits one call. The method [`try_acquire`](crate::CircuitBreaker::try_acquire) returns this permit.
    ///
    /// Each method of the permit records the outcome of the call and ends the permit. If a timeout, a `select!` or an
    /// early return drops the permit, the call is cancelled, and the statistic `total_cancelled` counts this call. If
    /// the cancelled call was a trial call of a half-open circuit, the circuit can admit another trial call. If the
    /// call ran for [`hung_after`](crate::CircuitBuilder::hung_after) or longer before the drop, the call counts as a
    /// failure, and not as cancelled.
    ///
    /// A panic that drops the permit also cancels the permitted call, because the cause of the panic may be outside
    /// this call. In contrast, [`CircuitBreaker::call`](crate::CircuitBreaker::call) and the attribute `#[circuit]`
    /// count a panic of the called function as a failure.
    ///
    /// ```
    /// use resilience_runtime::CircuitBreaker;
    ///
    /// # fn ask() -> Result<u32, std::io::Error> { Ok(7) }
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("permit_example").build()?;
    /// let permit = breaker.try_acquire()?;
    /// match ask() {
    ///     Ok(_) => permit.success(),
    ///     Err(error) => permit.failure_with(&error),
    /// }
    /// assert_eq!(breaker.stats().successes, 1);
    /// # Ok(())
    /// # }
    /// ```
    Permit<'a>, &'a Core
}

permit! {
    /// Permits one call. Unlike a [`Permit`], this permit shares the ownership of its breaker, and therefore has no
    /// lifetime parameter. The method [`try_acquire_owned`](crate::CircuitBreaker::try_acquire_owned) returns this
    /// permit.
    ///
    /// An owned permit can move into a spawned task. A struct can also store an owned permit beside the response stream
    /// of the permitted call.
    ///
    /// ```
    /// use resilience_runtime::CircuitBreaker;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("owned_permit_example").build()?;
    /// let permit = breaker.try_acquire_owned()?;
    /// tokio::spawn(async move { permit.success() }).await?;
    /// assert_eq!(breaker.stats().successes, 1);
    /// # Ok(())
    /// # }
    /// ```
    OwnedPermit, Arc<Core>
}

#[cfg(feature = "stream")]
impl OwnedPermit {
    /// Converts `permit` to an owned permit. A stream that the body of the call returned can contain an owned permit.
    /// `core` is the core of the permit's breaker.
    pub(crate) fn of(permit: Permit<'_>, core: Arc<Core>) -> Self {
        let Admitted { ticket, started, .. } = permit.end();
        let mut call = Call { admitted: Admitted { core, ticket, started }, progress: Progress::WAITING };
        call.start_wait();
        Self(call)
    }

    /// Marks the beginning of a poll of the stream that the body of the call returned. If the permit is dropped before
    /// [`end_poll`](Self::end_poll), the stream has panicked, and the call counts as a failure.
    pub(crate) fn begin_poll(&mut self) {
        self.0.progress = Progress::POLLING;
        if self.0.admitted.ticket.is_trial() {
            running::enter(&*self.0.admitted.core, self.0.admitted.ticket);
        }
    }

    pub(crate) fn end_poll(&mut self) {
        if self.0.admitted.ticket.is_trial() {
            running::leave();
        }
        self.0.end_poll();
    }
}

impl<'a> Permit<'a> {
    /// Marks the call as ended. Returns the call without its destructor, so that the call stays in registers. A move of
    /// the whole permit would read its bytes right after these bytes were written, but in pieces of a different size.
    /// The resulting store-forwarding stall of the processor takes as much time as the call through the circuit.
    #[inline]
    pub(crate) fn end(mut self) -> Admitted<&'a Core> {
        *self.0.end()
    }

    /// Records a call that the caller's [`deadline`](crate::deadline()) ended. The call counts as a failure if the call
    /// ran for the time `hung_after` or longer. Otherwise, the call counts as neither success nor failure.
    pub(crate) fn end_late(self) {
        self.end().end_late(Failed::InPoll);
    }

    /// Runs a part of the call's body, such as one poll. A panic in this part counts as a failure of the call.
    #[inline]
    pub(crate) fn run<T>(&mut self, body: impl FnOnce() -> T) -> T {
        self.enter();
        let made = body();
        self.leave();
        made
    }

    /// Runs the whole body of a function that is not `async`. This run counts as one poll.
    #[inline]
    pub(crate) fn run_blocking<T>(&mut self, body: impl FnOnce() -> T) -> T {
        self.0.start_wait();
        self.run(body)
    }

    /// Marks the beginning of code that counts as a part of the call's body.
    #[inline]
    pub(crate) fn enter(&mut self) {
        self.0.progress = Progress::POLLING;
        // Passes two fields to `running::enter`, because a pointer to the permit would keep the whole permit in memory
        // instead of registers. The method `leave` calls `is_trial` again, because keeping the result while the body
        // runs would need 49 more instructions.
        if self.0.admitted.ticket.is_trial() {
            running::enter(self.0.admitted.core, self.0.admitted.ticket);
        }
    }

    /// Marks the end of the code that began with [`enter`](Self::enter).
    #[inline]
    pub(crate) fn leave(&mut self) {
        if self.0.admitted.ticket.is_trial() {
            running::leave();
        }
        self.0.progress = Progress::IN_LAYER;
    }

    /// Marks the call as waiting. A drop of the permit in this state cancels the call.
    #[inline]
    pub(crate) fn wait(&mut self) {
        self.0.progress = Progress::WAITING;
    }

    /// Marks the call as running the code of a layer below the circuit. A drop of the permit in this state counts as a
    /// panic.
    #[inline]
    pub(crate) fn resume(&mut self) {
        self.0.progress = Progress::IN_LAYER;
    }
}
