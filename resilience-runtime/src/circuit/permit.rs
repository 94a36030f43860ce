//! A call that was admitted and has not ended yet.

use std::borrow::Borrow;
use std::fmt::{self, Display};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::base::clock::{Stamp, Tick};
use crate::base::sync::Arc;
use crate::circuit::core::core::Core;
use crate::circuit::core::decision::Admission;
use crate::circuit::core::ticket::Ticket;
use crate::circuit::error::CircuitOpenError;
use crate::events::debug_wanted;

/// An admitted call whose outcome is not recorded yet, without a destructor.
#[derive(Clone, Copy)]
pub(crate) struct Admitted<B> {
    core: B,
    pub(crate) ticket: Ticket,
    /// Present if slow calls count, or if a subscriber listens to the events that show the duration.
    started: Option<Tick>,
}

impl<B: Borrow<Core>> Admitted<B> {
    #[inline]
    pub(crate) fn success(&self) {
        // The clock is read before the exchange that counts: a processor reorders nothing across that one.
        let now = Stamp::now();
        self.core.borrow().succeed(self.ticket, self.started, now);
    }

    #[inline]
    pub(crate) fn failure(&self, error: Option<&dyn Display>, retry_after: Option<Duration>) {
        self.core.borrow().fail(self.ticket, self.started, error, retry_after);
    }

    #[inline]
    fn ignore(&self) {
        self.core.borrow().ignore(self.ticket);
    }

    #[inline]
    fn cancel(&self) {
        self.core.borrow().cancel(self.ticket);
    }
}

/// An admitted call and its progress. Both kinds of permit are this, around a borrowed or a shared core.
pub(crate) struct Call<B: Borrow<Core>> {
    pub(crate) admitted: Admitted<B>,
    progress: Progress,
}

/// As wide as the fields beside it: padding would be copied along, byte by byte.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
enum Progress {
    Waiting,
    /// The body runs. A permit that is dropped in this state was dropped by a panic of the body:
    /// `std::thread::panicking` would also be true for an innocent sibling in a `join!`.
    Polling,
    Ended,
}

impl<B: Borrow<Core>> Call<B> {
    // The permit is built here, in the caller's own place: a fast path that passes forty bytes through memory, in pieces of
    // other sizes than they were written in, costs more than the rest of the call. For the same reason both paths meet in
    // a ticket: built in each of them, a permit costs 26 instructions of 158 more.
    #[expect(
        clippy::inline_always,
        reason = "measured: in a loop it is not inlined otherwise, and costs twice as much"
    )]
    #[inline(always)]
    pub(crate) fn acquire(core: B) -> Result<Self, CircuitOpenError> {
        let ticket = match core.borrow().gate.closed() {
            Some(generation) => Ok(Ticket::new(generation, Ticket::NO_TRIAL)),
            None => Call::announce(core.borrow()),
        };
        match ticket {
            Ok(ticket) => Ok(Self::new(core, ticket)),
            Err(wait_nanos) => Err(CircuitOpenError::new(core.borrow().name.clone(), wait_nanos)),
        }
    }

    /// The time of the call starts here, if it is wanted.
    #[inline]
    fn new(core: B, ticket: Ticket) -> Self {
        let timed = ticket.lease() != Ticket::NO_TRIAL || debug_wanted();
        let started = if timed { core.borrow().start() } else { None };
        Self { admitted: Admitted { core, ticket, started }, progress: Progress::Waiting }
    }

    /// Marks the call as ended before its outcome is recorded, so that a subscriber that panics does not cause a second one.
    #[inline]
    fn end(&mut self) -> &Admitted<B> {
        self.progress = Progress::Ended;
        &self.admitted
    }

    #[cold]
    fn abandon(&mut self) {
        if self.progress == Progress::Polling {
            // A subscriber that panics, too, would end the process from in here. The panic of the body goes on.
            let _ = catch_unwind(AssertUnwindSafe(|| self.end().failure(Some(&"panic"), None)));
        } else {
            self.end().cancel();
        }
    }
}

impl<'a> Call<&'a Core> {
    /// Decides about a call that the gate does not admit at once, and emits the events of the decision.
    #[cold]
    fn announce(core: &'a Core) -> Result<Ticket, u64> {
        let admission = match core.admit() {
            Ok(admission) => admission,
            Err(wait_nanos) => {
                core.reject(wait_nanos);
                return Err(wait_nanos);
            }
        };
        let ticket = admission.ticket;
        if let Some(wait_nanos) = admission.shadowed {
            core.reject(wait_nanos);
        } else if admission != Admission::of(ticket) {
            // A subscriber that panics drops this call, and the slot of a trial comes back.
            let admitted = Admitted { core, ticket, started: None };
            let mut call = Self { admitted, progress: Progress::Waiting };
            core.announce(&admission);
            call.end();
        }
        Ok(ticket)
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

            /// Ends the call as a failure, and shows `error` in the events; at most 50 characters of it.
            pub fn failure_with(mut self, error: &dyn Display) {
                self.0.end().failure(Some(error), None);
            }

            /// Ends the call as a failure after which the service asks to be left alone for so long, as a `Retry-After`
            /// says. If that failure opens the circuit, this is the cooldown, at most `max_cooldown`.
            pub fn failure_retry_after(mut self, time: Duration) {
                self.0.end().failure(None, Some(time));
            }

            /// Ends the call as neither success nor failure: an answer that is not the service's fault, such as
            /// "not found".
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
    /// The right to make one call, from [`try_acquire`](crate::CircuitBreaker::try_acquire).
    ///
    /// Say how the call ended with one of the methods. A permit that is dropped without a word, by a timeout, a
    /// `select!` or an early return, counts as a cancelled call: the slot of a trial comes back, and nothing but
    /// `total_cancelled` changes. So does one that a panic drops, since it cannot know whose panic that is;
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
    /// A [`Permit`] that owns its breaker, from [`try_acquire_owned`](crate::CircuitBreaker::try_acquire_owned): it can be moved into a spawned
    /// task or held beside a stream.
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
    /// Returns the parts of the call in registers: a permit that is moved while its address is taken goes through memory,
    /// in pieces of other sizes than it was written in, and that costs as much as the call.
    #[inline]
    pub(crate) fn end(mut self) -> Admitted<&'a Core> {
        *self.0.end()
    }

    /// Runs the part of a body that makes its future; a panic in it is the body's.
    #[inline]
    pub(crate) fn run<T>(&mut self, body: impl FnOnce() -> T) -> T {
        self.0.progress = Progress::Polling;
        let made = body();
        self.0.progress = Progress::Waiting;
        made
    }
}

pin_project_lite::pin_project! {
    /// The body of a call, marked while it is polled, so that a panic in it can be told from a drop.
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
        this.permit.run(|| this.body.poll(cx))
    }
}
