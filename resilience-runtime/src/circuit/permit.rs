//! Defines the permits, which record the outcomes of admitted calls.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::base::noted::Failed;
use crate::base::sync::Arc;
use crate::circuit::call::{Admitted, Call, Progress};
use crate::circuit::core::core::Core;
use crate::circuit::core::running;

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

    /// Marks the outcome of the call as being judged, until [`end_judged`](Self::end_judged). If a function that judges
    /// the outcome panics, the call counts as cancelled.
    #[inline]
    pub(crate) fn judge(&mut self) {
        self.0.judge();
    }

    /// Works like [`end`](Self::end), after [`judge`](Self::judge).
    #[inline]
    pub(crate) fn end_judged(mut self) -> Admitted<&'a Core> {
        *self.0.end_judged()
    }

    /// Marks the call as running the code of a layer below the circuit. A drop of the permit in this state counts as a
    /// panic.
    #[inline]
    pub(crate) fn resume(&mut self) {
        self.0.progress = Progress::IN_LAYER;
    }
}
