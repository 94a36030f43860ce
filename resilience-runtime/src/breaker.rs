//! The breaker itself: admits calls, takes their verdicts, and tells about it.

pub(crate) mod builder;
pub(crate) mod gate;
#[cfg(all(test, resilience_loom))]
mod models;
pub(crate) mod permit;
pub(crate) mod state;
#[cfg(all(test, not(resilience_loom)))]
mod stress;
pub(crate) mod stripes;
pub(crate) mod totals;

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use crate::breaker::builder::CircuitBuilder;
use crate::breaker::gate::Gate;
use crate::breaker::permit::{Call, OwnedPermit, Permit, Verdict, Watched};
use crate::breaker::state::{Admission, Answer, CircuitState, Effect, Phase, Ticket, remaining};
use crate::breaker::totals::Totals;
use crate::clock::{Stamp, Tick, nanos};
use crate::config::{LiveSettings, Settings};
use crate::error::{CallError, CircuitOpenError};
use crate::events;
use crate::name::Name;
use crate::stats::CircuitStats;
use crate::sync::Arc;

/// A circuit breaker: a cheap handle, whose clones share one state.
///
/// `threshold` failures in a row open the circuit. For the length of the cooldown every call is rejected; then up to
/// `half_open_max` trial calls pass, and as many successes close the circuit. One failed trial opens it again for a
/// whole cooldown. A success while closed starts the count of failures anew, so what opens a circuit is an outage, and
/// never three unrelated failures in a month.
///
/// Only what happens within the time of a call counts for it: a verdict that arrives after the circuit has opened,
/// closed or been reset since the call began shows in the totals and changes nothing else.
///
/// The pattern: Michael Nygard, *Release It!*, and Martin Fowler, *`CircuitBreaker`* (2014).
///
/// # Examples
///
/// ```
/// use resilience_runtime::{CallError, CircuitBreaker, CircuitState};
///
/// # async fn ask() -> Result<u32, std::io::Error> { Err(std::io::ErrorKind::TimedOut.into()) }
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("breaker_example").threshold(2).build()?;
/// for _ in 0..2 {
///     assert!(matches!(breaker.call(ask).await, Err(CallError::Failed(_))));
/// }
/// assert_eq!(breaker.state(), CircuitState::Open);
/// assert!(matches!(breaker.call(ask).await, Err(CallError::Open(_))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CircuitBreaker(Arc<Inner>);

struct Inner {
    name: Name,
    settings: LiveSettings,
    gate: Gate,
    totals: Totals,
}

impl CircuitBreaker {
    /// Starts to describe a breaker of this name.
    ///
    /// The name is what events, stats and errors show; any text that is not blank will do.
    #[track_caller]
    pub fn builder(name: impl Into<Cow<'static, str>>) -> CircuitBuilder {
        CircuitBuilder::new(name.into(), Location::caller())
    }

    pub(crate) fn new(name: Name, settings: Settings) -> Self {
        Self(Arc::new(Inner { name, settings: LiveSettings::new(settings), gate: Gate::new(), totals: Totals::new() }))
    }

    /// The name as it was given, not escaped.
    pub fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// The state as the next call would find it: half-open as soon as the cooldown has passed.
    ///
    /// Looking changes nothing.
    pub fn state(&self) -> CircuitState {
        seen(self.0.gate.phase(), self.0.settings.cooldown()).0
    }

    /// A snapshot of counts, times and settings.
    pub fn stats(&self) -> CircuitStats {
        let Inner { name, settings, gate, totals } = &*self.0;
        let name = name.as_str().to_owned();
        gate.look(|machine| {
            let settings = settings.load();
            let (state, cooldown_remaining) = seen(machine.phase(&settings), settings.cooldown);
            let tally = &machine.tally;
            let sums = totals.sums(machine.period(), tally);
            CircuitStats {
                name,
                state,
                failures: machine.failures(),
                successes: sums.successes,
                threshold: settings.threshold,
                cooldown: settings.cooldown,
                cooldown_remaining,
                last_failure: tally.last_failure.time(),
                last_success: sums.last_success.time(),
                total_succeeded: sums.succeeded,
                total_failed: tally.failed,
                total_ignored: sums.ignored,
                total_cancelled: sums.cancelled,
                total_rejected: sums.rejected,
                total_opened: tally.opened,
            }
        })
    }

    /// Closes the circuit and clears `failures`, `successes` and `last_failure`; totals and `last_success` stay.
    ///
    /// Calls that are under way no longer count.
    pub fn reset(&self) {
        let Inner { name, settings, gate, .. } = &*self.0;
        gate.decide(settings, |machine, _| machine.reset());
        events::reset(name);
    }

    /// Asks for the right to make one call.
    ///
    /// # Errors
    ///
    /// [`CircuitOpenError`] while the circuit is open, or half-open with every trial taken.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, CircuitOpenError> {
        acquire(self).map(Permit)
    }

    /// Asks for the right to make one call, with a permit that is `Send + 'static`.
    ///
    /// # Errors
    ///
    /// [`CircuitOpenError`] while the circuit is open, or half-open with every trial taken.
    #[inline]
    pub fn try_acquire_owned(&self) -> Result<OwnedPermit, CircuitOpenError> {
        acquire(self.clone()).map(OwnedPermit)
    }

    /// Makes one call through the breaker: an `Ok` is a success, an `Err` a failure.
    ///
    /// # Errors
    ///
    /// [`CallError::Open`] when the call is rejected; `f` does not run then. [`CallError::Failed`] with the call's own
    /// error, also when that error has just opened the circuit.
    ///
    /// # Panics
    ///
    /// A panic of `f` or of its future goes on, after it has been counted as a failure.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future is a cancelled call: it counts as neither success nor failure, and a trial's slot comes
    /// back.
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        let mut permit = self.try_acquire().map_err(CallError::Open)?;
        let body = permit.run(f);
        let outcome = Watched::new(&mut permit, body).await;
        match outcome {
            Ok(value) => {
                permit.success();
                Ok(value)
            }
            Err(error) => {
                permit.failure();
                Err(CallError::Failed(error))
            }
        }
    }

    /// Puts other settings in force, for the next decision on.
    pub(crate) fn apply(&self, settings: Settings) {
        self.0.settings.store(settings);
        // Publishes again: there may be more room for trials now.
        self.0.gate.decide(&self.0.settings, |_, _| ());
    }

    /// The circuit is open, and will still be so when `delay` has passed.
    pub(crate) fn stays_open(&self, delay: Duration) -> bool {
        match self.0.gate.phase() {
            Phase::Open { since } => {
                remaining(since, self.0.settings.cooldown(), Tick::now()).is_some_and(|left| left > delay)
            }
            _ => false,
        }
    }

    /// Admits a call through a circuit that is not closed: rejects it as long as the wait runs, and otherwise decides.
    #[cold]
    fn admit(&self) -> Answer {
        let Inner { settings, gate, .. } = &*self.0;
        let barred = match gate.phase() {
            Phase::Open { since } => still_barred(since, settings.cooldown_nanos()),
            Phase::Full { since } => still_barred(since, settings.trial_timeout_nanos()),
            Phase::HalfOpen | Phase::Closed { .. } => None,
        };
        if let Some(wait) = barred {
            return self.reject(wait);
        }
        let admission = gate.decide(settings, |machine, settings| machine.admit(Tick::now(), settings));
        match admission.verdict {
            Ok(ticket) => {
                // A subscriber that panics drops this, and the slot comes back.
                let call = Call::new(self, ticket);
                self.tell_admission(&admission);
                Answer::new(Ok(call.hand_over()))
            }
            Err(wait) => self.reject(nanos(wait)),
        }
    }

    fn tell_admission(&self, admission: &Admission) {
        if admission.expired > 0 {
            events::trial_expired(&self.0.name, admission.expired);
        }
        if admission.half_opened {
            events::half_open(&self.0.name);
        }
    }

    fn reject(&self, wait_nanos: u64) -> Answer {
        let Inner { name, totals, .. } = &*self.0;
        totals.add_rejected();
        if events::debug_wanted() {
            events::rejected(name, Duration::from_nanos(wait_nanos));
        }
        Answer::new(Err(wait_nanos))
    }

    /// Takes any verdict but a success.
    #[cold]
    pub(crate) fn record(&self, ticket: Ticket, started: Option<Tick>, verdict: Verdict<'_>) {
        match verdict {
            Verdict::Failure(error) => self.record_failure(ticket, started, error),
            Verdict::Ignored => {
                self.0.totals.add_ignored();
                self.release(ticket);
            }
            Verdict::Cancelled => {
                self.0.totals.add_cancelled();
                self.release(ticket);
            }
        }
    }

    /// Takes a success that ended `now`. A thread that has no slot yet gets it out of the way of those that have.
    pub(crate) fn record_success(&self, ticket: Ticket, started: Option<Tick>, now: Stamp) {
        let Inner { gate, totals, .. } = &*self.0;
        let counted =
            gate.is_quiet(ticket.generation) && totals.known().is_some_and(|slot| slot.succeed(ticket.generation, now));
        if !counted || events::debug_wanted() {
            self.finish_success(ticket, started, now, counted);
        }
    }

    /// Decides about a success that could not simply be counted, and tells about it.
    #[cold]
    fn finish_success(&self, ticket: Ticket, started: Option<Tick>, now: Stamp, counted: bool) {
        let Inner { name, settings, gate, totals } = &*self.0;
        let closed = !counted
            && gate.decide(settings, |machine, settings| {
                let effect = machine.succeed(ticket, settings);
                totals.adopt(machine.period(), now, &mut machine.tally);
                effect == Effect::Closed
            });
        if events::debug_wanted() {
            events::success(name, started);
        }
        if closed {
            events::closed(name);
        }
    }

    fn record_failure(&self, ticket: Ticket, started: Option<Tick>, error: Option<&dyn fmt::Display>) {
        let Inner { name, settings, gate, .. } = &*self.0;
        let now = Stamp::now();
        let effect = gate.decide(settings, |machine, settings| {
            machine.tally.last_failure = now;
            machine.fail(ticket, settings, Tick::now)
        });
        if events::debug_wanted() {
            events::failure(name, started, error);
        }
        if let Effect::Opened { reason, failures } = effect {
            events::opened(name, reason, failures, error);
        }
    }

    fn release(&self, ticket: Ticket) {
        // A call through a closed circuit holds no slot.
        if ticket.lease != 0 {
            self.0.gate.decide(&self.0.settings, |machine, _| machine.release(ticket));
        }
    }
}

// The permit is built here, in the caller's own place: a fast path that passes forty bytes through memory, in pieces of
// other sizes than they were written in, costs more than the rest of the call.
#[expect(clippy::inline_always, reason = "measured: in a loop it is not inlined otherwise, and costs twice as much")]
#[inline(always)]
fn acquire<B: Borrow<CircuitBreaker>>(breaker: B) -> Result<Call<B>, CircuitOpenError> {
    let inner = &*breaker.borrow().0;
    let admitted = match inner.gate.closed() {
        Some(generation) => Ok(Ticket { generation, lease: 0 }),
        None => breaker.borrow().admit().get(),
    };
    match admitted {
        Ok(ticket) => Ok(Call::new(breaker, ticket)),
        Err(wait_nanos) => Err(CircuitOpenError::new(inner.name.clone(), wait_nanos)),
    }
}

/// The state that a phase shows, and what is left of its cooldown.
fn seen(phase: Phase, cooldown: Duration) -> (CircuitState, Duration) {
    match phase {
        Phase::Closed { .. } => (CircuitState::Closed, Duration::ZERO),
        Phase::HalfOpen | Phase::Full { .. } => (CircuitState::HalfOpen, Duration::ZERO),
        Phase::Open { since } => match remaining(since, cooldown, Tick::now()) {
            Some(left) => (CircuitState::Open, left),
            None => (CircuitState::HalfOpen, Duration::ZERO),
        },
    }
}

/// How long a rejection has to wait that needs no decision; none where the time is up or the clock looks wrong.
fn still_barred(since: Tick, limit_nanos: u64) -> Option<u64> {
    let left = limit_nanos.checked_sub(Tick::now().to_bits().checked_sub(since.to_bits())?)?;
    (left > 0).then_some(left)
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.0.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
