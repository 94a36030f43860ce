//! Defines the permits of admitted calls, and the future that polls the body of such a call.

use std::borrow::Borrow;
use std::fmt::{self, Display};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::base::clock::{Stamp, Tick};
use crate::base::repeat::Repeat;
use crate::base::still_open::StillOpen;
use crate::base::sync::Arc;
use crate::circuit::core::core::Core;
use crate::circuit::core::decision::Admission;
use crate::circuit::core::running;
use crate::circuit::core::ticket::Ticket;
use crate::circuit::core::wait::Wait;
use crate::circuit::error::CircuitOpenError;
use crate::circuit::events::durations_wanted;

/// An admitted call whose outcome is not recorded yet. This type has no destructor. [`Call`] adds a destructor, which
/// cancels the call.
#[derive(Clone, Copy)]
pub(crate) struct Admitted<B> {
    core: B,
    pub(crate) ticket: Ticket,
    /// The start time of the call, or `None` if nothing needs it. Slow calls and events with a duration need the start
    /// time. If `hung_after` is set, a call that waits needs it, too.
    started: Option<Tick>,
}

impl<B: Borrow<Core>> Admitted<B> {
    #[inline]
    pub(crate) fn success(&self) {
        // Reads the clock before the atomic exchange that counts the success. The processor moves no instruction across
        // the exchange, so a later reading would have to wait for it.
        let now = Stamp::now();
        self.core.borrow().succeed(self.ticket, self.started, now);
    }

    #[inline]
    pub(crate) fn failure(&self, error: Option<&dyn Display>, retry_after: Option<Duration>) {
        self.core.borrow().fail(self.ticket, self.started, error, retry_after);
    }

    #[inline]
    pub(crate) fn ignore(&self) {
        self.core.borrow().ignore(self.ticket);
    }

    pub(crate) fn end_late(&self) {
        self.core.borrow().end_late(self.ticket, self.started);
    }

    #[inline]
    fn cancel(&self) {
        self.core.borrow().cancel(self.ticket, self.started);
    }
}

/// An admitted call and its progress. `B` is `&Core` in a [`Permit`], and `Arc<Core>` in an [`OwnedPermit`].
pub(crate) struct Call<B: Borrow<Core>> {
    pub(crate) admitted: Admitted<B>,
    progress: Progress,
}

/// The progress of a call. The type has 64 bits like the fields of [`Admitted`], because padding would be copied byte
/// by byte.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
enum Progress {
    /// The body is not being polled at this moment.
    Waiting,
    /// The body is being polled. If the permit is dropped in this state, the body panicked. `std::thread::panicking` is
    /// not used, because it is also true if another branch of a `join!` panicked.
    Polling,
    /// The outcome is recorded, or is about to be recorded.
    Ended,
}

impl<B: Borrow<Core>> Call<B> {
    // This function is inlined, so that the permit is built in the memory of the caller. A move of the permit would
    // read its forty bytes with other widths than they were written with. The resulting store-forwarding stall costs
    // more than the rest of the call.
    //
    // For the same reason, both arms of the first `match` return a ticket. A permit that is built in each arm costs 26
    // more instructions.
    #[expect(
        clippy::inline_always,
        reason = "measured: a call in a loop is not inlined otherwise, and costs twice as much"
    )]
    #[inline(always)]
    pub(crate) fn acquire(core: B, is_repeat: bool) -> Result<Self, CircuitOpenError> {
        let ticket = match core.borrow().gate.closed() {
            Some(generation) => Ok(Ticket::new(generation, Ticket::NO_TRIAL)),
            None => Call::announce(core.borrow(), is_repeat),
        };
        match ticket {
            Ok(ticket) => Ok(Self::new(core, ticket)),
            Err(wait) => Err(CircuitOpenError::new(core.borrow().name.clone(), wait)),
        }
    }

    /// Creates the call, and reads its start time if slow calls or events need it.
    #[inline]
    fn new(core: B, ticket: Ticket) -> Self {
        let timed = ticket.lease() != Ticket::NO_TRIAL || durations_wanted();
        let started = if timed { core.borrow().start() } else { None };
        Self { admitted: Admitted { core, ticket, started }, progress: Progress::Waiting }
    }

    /// Reads the start time of a call that begins to wait, if `hung_after` is set. A body that never waits does not
    /// need the time.
    #[inline]
    pub(crate) fn start_wait(&mut self) {
        let Admitted { core, started, .. } = &mut self.admitted;
        if started.is_none() && (*core).borrow().gate.times_waits() {
            *started = Some(Tick::now());
        }
    }

    /// Marks the call as ended, before its outcome is recorded. If a subscriber of events panics during the recording,
    /// the destructor then records no second outcome.
    #[inline]
    fn end(&mut self) -> &Admitted<B> {
        self.progress = Progress::Ended;
        &self.admitted
    }

    #[cold]
    fn abandon(&mut self) {
        let panicked = self.progress == Progress::Polling;
        if panicked && self.admitted.ticket.is_trial() {
            running::leave();
        }
        let call = self.end();
        // Catches a panic of a subscriber of events. If the body has already panicked, a second panic would abort the
        // process.
        let _ =
            catch_unwind(AssertUnwindSafe(
                || if panicked { call.failure(Some(&"panic"), None) } else { call.cancel() },
            ));
    }
}

impl<'a> Call<&'a Core> {
    /// Admits or rejects a call for which [`Gate::closed`](crate::circuit::core::gate::Gate::closed) returned no
    /// generation. Emits the events of the decision.
    ///
    /// `is_repeat` is true in a second or later attempt of a retry on the same function. The thread has no mark for such an
    /// attempt at this point, because only the polls of a body are marked.
    #[cold]
    fn announce(core: &'a Core, is_repeat: bool) -> Result<Ticket, Wait> {
        let admission = match core.admit() {
            Ok(admission) => admission,
            Err(wait) => {
                core.reject(wait);
                StillOpen::note(Some(StillOpen { wait: wait.time(), by_rejection: true }));
                return Err(wait);
            }
        };
        let ticket = admission.ticket;
        if let Some(wait) = admission.shadowed {
            core.reject(wait);
        } else if admission != Admission::of(ticket) {
            // Holds the trial in a `Call` while the events are emitted. If a subscriber panics, the destructor frees
            // the slot of the trial.
            let admitted = Admitted { core, ticket, started: None };
            let mut call = Self { admitted, progress: Progress::Waiting };
            core.announce(&admission);
            call.end();
        }
        Ok(if is_repeat || Repeat::is_running() { ticket.repeated() } else { ticket })
    }
}

impl<B: Borrow<Core>> Drop for Call<B> {
    #[inline]
    fn drop(&mut self) {
        if self.progress != Progress::Ended {
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
                self.0.end().failure(None, None);
            }

            /// Ends the call as a failure. The events show the first 50 characters of `error`.
            pub fn failure_with(mut self, error: &dyn Display) {
                self.0.end().failure(Some(error), None);
            }

            /// Ends the call as a failure, with the delay `time` that the service asked for, for example by a
            /// `Retry-After` header.
            ///
            /// If this failure opens the circuit, the cooldown is the longer of the circuit's own cooldown and this
            /// delay. Both are extended by `cooldown_jitter`, and limited by `max_cooldown`.
            pub fn failure_retry_after(mut self, time: Duration) {
                self.0.end().failure(None, Some(time));
            }

            /// Ends the call as neither success nor failure. This method is for an error that is no fault of the
            /// service, such as "not found".
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
    /// A permit for one call, from [`try_acquire`](crate::CircuitBreaker::try_acquire).
    ///
    /// Each method records the outcome of the call and ends the permit. Dropping the permit cancels the call: the
    /// statistic `total_cancelled` increases, and the slot of a trial is free again. If the call ran for
    /// [`hung_after`](crate::CircuitBuilder::hung_after) or longer, dropping the permit counts as a failure instead. A
    /// timeout, a `select!` or an early return can drop a permit.
    ///
    /// A panic that drops the permit also cancels the call, because the panic may come from other code. In contrast,
    /// [`CircuitBreaker::call`](crate::CircuitBreaker::call) and the attributes count a panic of the call as a failure.
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
    /// A [`Permit`] that owns its breaker, from [`try_acquire_owned`](crate::CircuitBreaker::try_acquire_owned).
    ///
    /// An owned permit can move into a spawned task, or be stored beside the stream that it belongs to.
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

impl<'a> Permit<'a> {
    /// Marks the call as ended, and returns it without its destructor, in registers. A move of the whole permit would
    /// read memory with other widths than it was written with. The resulting store-forwarding stall costs as much as
    /// the call.
    #[inline]
    pub(crate) fn end(mut self) -> Admitted<&'a Core> {
        *self.0.end()
    }

    /// Records a call that the caller's deadline ended. The call is a failure if it ran for `hung_after` or longer, and
    /// otherwise neither success nor failure.
    pub(crate) fn end_late(self) {
        self.end().end_late();
    }

    /// Runs a part of the body, such as one poll. A panic in this part counts as a failure of the call.
    #[inline]
    pub(crate) fn run<T>(&mut self, body: impl FnOnce() -> T) -> T {
        self.0.progress = Progress::Polling;
        // Passes the core and the ticket by value, because a pointer to the permit would keep the whole permit in
        // memory. Tests the ticket twice, because a variable that lives across the body costs 49 more instructions.
        if self.0.admitted.ticket.is_trial() {
            running::enter(self.0.admitted.core, self.0.admitted.ticket);
        }
        let made = body();
        if self.0.admitted.ticket.is_trial() {
            running::leave();
        }
        self.0.progress = Progress::Waiting;
        made
    }
}

pin_project_lite::pin_project! {
    /// The body of a call. Each poll of the body marks the permit. When the permit is dropped, the mark distinguishes a
    /// panic of the body from a cancelled call.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless awaited"]
    pub struct Watched<'p, 'b, F> {
        permit: &'p mut Permit<'b>,
        #[pin]
        body: F,
    }
}

impl<'p, 'b, F> Watched<'p, 'b, F> {
    #[inline]
    pub(crate) fn new(permit: &'p mut Permit<'b>, body: F) -> Self {
        Self { permit, body }
    }
}

impl<F: Future> Future for Watched<'_, '_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let poll = this.permit.run(|| this.body.poll(cx));
        if poll.is_pending() {
            this.permit.0.start_wait();
        }
        poll
    }
}
