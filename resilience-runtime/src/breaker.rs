//! The breaker itself: admits calls, takes their verdicts, and tells about it.

pub(crate) mod builder;
pub(crate) mod gate;
pub(crate) mod permit;
pub(crate) mod state;
pub(crate) mod totals;

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use crate::breaker::builder::CircuitBuilder;
use crate::breaker::gate::Gate;
use crate::breaker::permit::{Call, OwnedPermit, Permit, Verdict, Watched};
use crate::breaker::state::{Admission, CircuitState, Effect, Phase, Ticket, remaining};
use crate::breaker::totals::Totals;
use crate::clock::Tick;
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
        Self(Arc::new(Inner {
            name,
            settings: LiveSettings::new(settings),
            gate: Gate::new(),
            totals: Totals::default(),
        }))
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
            CircuitStats {
                name,
                state,
                failures: machine.failures(),
                successes: totals.successes(),
                threshold: settings.threshold,
                cooldown: settings.cooldown,
                cooldown_remaining,
                last_failure: totals.last_failure.get(),
                last_success: totals.last_success.get(),
                total_succeeded: totals.succeeded(),
                total_failed: totals.failed.get(),
                total_ignored: totals.ignored.get(),
                total_cancelled: totals.cancelled.get(),
                total_rejected: totals.rejected.get(),
                total_opened: totals.opened.get(),
            }
        })
    }

    /// Closes the circuit and clears `failures`, `successes` and `last_failure`; totals and `last_success` stay.
    ///
    /// Calls that are under way no longer count.
    pub fn reset(&self) {
        let Inner { name, settings, gate, totals } = &*self.0;
        gate.decide(settings, |machine, _, _| {
            machine.reset();
            totals.restart_successes();
            totals.last_failure.clear();
        });
        events::reset(name);
    }

    /// Asks for the right to make one call.
    ///
    /// # Errors
    ///
    /// [`CircuitOpenError`] while the circuit is open, or half-open with every trial taken.
    pub fn try_acquire(&self) -> Result<Permit<'_>, CircuitOpenError> {
        acquire(self).map(Permit)
    }

    /// Asks for the right to make one call, with a permit that is `Send + 'static`.
    ///
    /// # Errors
    ///
    /// [`CircuitOpenError`] while the circuit is open, or half-open with every trial taken.
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
        self.0.gate.decide(&self.0.settings, |_, _, _| ());
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

    fn admit(&self) -> Admission {
        let Inner { settings, gate, .. } = &*self.0;
        let wait = match gate.phase() {
            Phase::Closed { generation, .. } => return Admission::quiet(Ok(Ticket { generation, lease: 0 })),
            Phase::Open { since } => still_barred(since, settings.cooldown()),
            Phase::Full { since } => still_barred(since, settings.trial_timeout()),
            Phase::HalfOpen => None,
        };
        match wait {
            Some(wait) => Admission::quiet(Err(wait)),
            None => gate.decide(settings, |machine, settings, now| machine.admit(now, settings)),
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

    fn reject(&self, wait: Duration) -> CircuitOpenError {
        let Inner { name, totals, .. } = &*self.0;
        totals.rejected.add();
        events::rejected(name, wait);
        CircuitOpenError::new(name.clone(), wait)
    }

    pub(crate) fn record(&self, ticket: Ticket, started: Option<Tick>, verdict: Verdict<'_>) {
        match verdict {
            Verdict::Success => self.record_success(ticket, started),
            Verdict::Failure(error) => self.record_failure(ticket, started, error),
            Verdict::Ignored => self.record_nothing(ticket, &self.0.totals.ignored),
            Verdict::Cancelled => self.record_nothing(ticket, &self.0.totals.cancelled),
        }
    }

    fn record_success(&self, ticket: Ticket, started: Option<Tick>) {
        let Inner { name, settings, gate, totals } = &*self.0;
        let effect = if gate.phase() == (Phase::Closed { generation: ticket.generation, failing: false }) {
            totals.add_success(false);
            Effect::Counted
        } else {
            gate.decide(settings, |machine, settings, _| {
                let effect = machine.succeed(ticket, settings);
                totals.add_success(effect == Effect::Stale);
                if effect == Effect::Closed {
                    totals.restart_successes();
                }
                effect
            })
        };
        events::success(name, started);
        if effect == Effect::Closed {
            events::closed(name);
        }
    }

    fn record_failure(&self, ticket: Ticket, started: Option<Tick>, error: Option<&dyn fmt::Display>) {
        let Inner { name, settings, gate, totals } = &*self.0;
        let effect = gate.decide(settings, |machine, settings, now| {
            let effect = machine.fail(ticket, now, settings);
            totals.add_failure();
            if let Effect::Opened { .. } = effect {
                totals.opened.add();
            }
            effect
        });
        events::failure(name, started, error);
        if let Effect::Opened { reason, failures } = effect {
            events::opened(name, reason, failures, error);
        }
    }

    fn record_nothing(&self, ticket: Ticket, total: &totals::Counter) {
        total.add();
        // A call through a closed circuit holds no slot.
        if ticket.lease != 0 {
            self.0.gate.decide(&self.0.settings, |machine, _, _| machine.release(ticket));
        }
    }
}

fn acquire<B: Borrow<CircuitBreaker>>(breaker: B) -> Result<Call<B>, CircuitOpenError> {
    let admission = breaker.borrow().admit();
    match admission.verdict {
        Ok(ticket) => {
            // Before anything is told: a subscriber that panics drops it, and the slot comes back.
            let mut call = Call::new(breaker, ticket);
            call.begin(&admission);
            Ok(call)
        }
        Err(wait) => Err(breaker.borrow().reject(wait)),
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
fn still_barred(since: Tick, limit: Duration) -> Option<Duration> {
    let now = Tick::now();
    if now < since { None } else { remaining(since, limit, now) }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.0.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
