//! A call that was admitted and has not ended yet.

use std::borrow::Borrow;
use std::fmt::{self, Display};
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::base::clock::{Stamp, Tick};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::ticket::Ticket;
use crate::events;

/// What a call came to, if not a success.
#[derive(Clone, Copy)]
pub(crate) enum Verdict<'a> {
    Failure {
        error: Option<&'a dyn Display>,
        /// How long the service asks to be left alone.
        retry_after: Option<Duration>,
    },
    Ignored,
    Cancelled,
}

/// What a permit knows of its call. Both kinds of permit are this, around a borrowed or an owned breaker.
pub(crate) struct Call<B: Borrow<CircuitBreaker>> {
    breaker: B,
    pub(crate) ticket: Ticket,
    /// Only known where a slow call is a failure, or while somebody listens to the events that tell the duration.
    started: Option<Tick>,
    progress: Progress,
}

/// As wide as what it stands beside: padding would be copied along, byte by byte.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
enum Progress {
    Waiting,
    /// The body runs. Whoever finds a permit dropped in here has a panic before him, and nothing else:
    /// `std::thread::panicking` would also be true for an innocent sibling in a `join!`.
    Polling,
    Ended,
}

impl<B: Borrow<CircuitBreaker>> Call<B> {
    /// The time of the call begins here, where somebody wants to know it.
    #[inline]
    pub(crate) fn new(breaker: B, ticket: Ticket) -> Self {
        let timed = ticket.lease() != Ticket::NO_TRIAL || events::debug_wanted();
        let started = if timed { breaker.borrow().start() } else { None };
        Self { breaker, ticket, started, progress: Progress::Waiting }
    }

    /// Leaves the call to whoever gets the ticket.
    pub(crate) fn hand_over(mut self) -> Ticket {
        self.progress = Progress::Ended;
        self.ticket
    }

    #[inline]
    fn succeed(&mut self) {
        self.progress = Progress::Ended;
        // The clock comes before the exchange that counts: a processor lets nothing overtake that one.
        let now = Stamp::now();
        self.breaker.borrow().record_success(self.ticket, self.started, now);
    }

    fn fail(&mut self, error: Option<&dyn Display>, retry_after: Option<Duration>) {
        self.end(Verdict::Failure { error, retry_after });
    }

    fn end(&mut self, verdict: Verdict<'_>) {
        // First, so that a subscriber that panics does not bring a second verdict about.
        self.progress = Progress::Ended;
        self.breaker.borrow().record(self.ticket, self.started, verdict);
    }
}

impl<B: Borrow<CircuitBreaker>> Drop for Call<B> {
    #[inline]
    fn drop(&mut self) {
        if self.progress != Progress::Ended {
            self.abandon();
        }
    }
}

impl<B: Borrow<CircuitBreaker>> Call<B> {
    #[cold]
    fn abandon(&mut self) {
        if self.progress == Progress::Polling {
            // A subscriber that panics, too, would end the process from in here. The panic of the body goes on.
            let _ = catch_unwind(AssertUnwindSafe(|| self.fail(Some(&"panic"), None)));
        } else {
            self.end(Verdict::Cancelled);
        }
    }
}

macro_rules! permit {
    ($(#[$doc:meta])* $permit:ident $(<$lifetime:lifetime>)?, $breaker:ty) => {
        $(#[$doc])*
        #[must_use = "a permit that is dropped without a verdict counts as a cancelled call"]
        pub struct $permit $(<$lifetime>)? (pub(crate) Call<$breaker>);

        impl $(<$lifetime>)? $permit $(<$lifetime>)? {
            /// Ends the call as a success.
            #[inline]
            pub fn success(mut self) {
                self.0.succeed();
            }

            /// Ends the call as a failure.
            pub fn failure(mut self) {
                self.0.fail(None, None);
            }

            /// Ends the call as a failure, and shows `error` in the events; at most 50 characters of it.
            pub fn failure_with(mut self, error: &dyn Display) {
                self.0.fail(Some(error), None);
            }

            /// Ends the call as a failure after which the service asks to be left alone for so long, as a `Retry-After`
            /// says. If that failure opens the circuit, this is the cooldown, at most `max_cooldown`.
            pub fn failure_retry_after(mut self, time: Duration) {
                self.0.fail(None, Some(time));
            }

            /// Ends the call as neither success nor failure: an answer that is not the service's fault, such as
            /// "not found".
            pub fn ignore(mut self) {
                self.0.end(Verdict::Ignored);
            }
        }

        impl $(<$lifetime>)? fmt::Debug for $permit $(<$lifetime>)? {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($permit)).field("circuit", &self.0.breaker.name()).finish_non_exhaustive()
            }
        }
    };
}

permit! {
    /// The right to make one call, from [`CircuitBreaker::try_acquire`].
    ///
    /// Say how the call ended with one of the methods. A permit that is dropped without a word, by a timeout, a
    /// `select!` or an early return, counts as a cancelled call: the slot of a trial comes back, and nothing but
    /// `total_cancelled` changes. So does one that a panic drops, since it cannot know whose panic that is;
    /// [`CircuitBreaker::call`] and the attributes count a panic of the call as a failure.
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
    Permit<'a>, &'a CircuitBreaker
}

permit! {
    /// A [`Permit`] that owns its breaker, from [`CircuitBreaker::try_acquire_owned`]: it can be moved into a spawned
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
    OwnedPermit, CircuitBreaker
}

/// A call that ends now, with no destructor to watch over it.
#[derive(Clone, Copy)]
pub(crate) struct Ending<'a> {
    breaker: &'a CircuitBreaker,
    ticket: Ticket,
    started: Option<Tick>,
}

impl Ending<'_> {
    #[inline]
    pub(crate) fn success(self) {
        let now = Stamp::now();
        self.breaker.record_success(self.ticket, self.started, now);
    }

    #[inline]
    pub(crate) fn failure(self, error: Option<&dyn Display>, retry_after: Option<Duration>) {
        self.breaker.record(self.ticket, self.started, Verdict::Failure { error, retry_after });
    }
}

impl<'a> Permit<'a> {
    /// Whoever gets this ends the call. Its parts are in registers: a permit that is moved while somebody may want its address
    /// goes through memory, in pieces of other sizes than it was written in, and that costs as much as the call.
    #[inline]
    pub(crate) fn end(mut self) -> Ending<'a> {
        self.0.progress = Progress::Ended;
        Ending { breaker: self.0.breaker, ticket: self.0.ticket, started: self.0.started }
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
