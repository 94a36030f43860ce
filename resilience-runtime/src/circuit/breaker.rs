//! The handle of a circuit.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::base::clock::Tick;
use crate::base::name::Name;
use crate::base::not_made::{Note, Noted};
use crate::base::sync::Arc;
use crate::circuit::core::core::Core;
use crate::circuit::core::state::{CircuitState, Phase};
use crate::circuit::core::stripes::Stripes;
use crate::circuit::error::{CallError, CircuitOpenError};
use crate::circuit::events;
use crate::circuit::permit::{Call, OwnedPermit, Permit, Watched};
use crate::circuit::settings::Settings;
use crate::circuit::stats::CircuitStats;

/// Rejects the calls of a service that fails, until it has recovered.
///
/// `threshold` consecutive failures open the circuit. An open circuit rejects every call until the cooldown ends. Then it is
/// half-open and admits up to `half_open_max` trial calls. The same number of successful trials closes the circuit. One
/// failed trial opens it for another cooldown.
///
/// A success while closed resets the count of failures. A long outage therefore opens the circuit, but single failures
/// between successes do not. [`CircuitBuilder`](crate::CircuitBuilder) describes other rules.
///
/// A call that started before the last state change no longer affects the circuit. Its outcome appears in the totals only.
///
/// This type is a cheap handle; its clones share one state. The pattern is described by Michael Nygard in *Release
/// It!*, and by Martin Fowler in *`CircuitBreaker`* (2014).
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
pub struct CircuitBreaker(Arc<Core>);

impl CircuitBreaker {
    pub(crate) fn new(name: Name, settings: Arc<Settings>) -> Self {
        Self(Arc::new(Core::new(name, settings, Stripes::new())))
    }

    pub(crate) fn one_of_many(name: Name, settings: Arc<Settings>) -> Self {
        Self(Arc::new(Core::new(name, settings, Stripes::single())))
    }

    /// Returns the name, not escaped.
    pub fn name(&self) -> &str {
        self.label().as_str()
    }

    pub(crate) fn label(&self) -> &Name {
        &self.0.name
    }

    /// Returns the state that the next call would find: half-open as soon as the cooldown has ended.
    ///
    /// Reading the state does not change it.
    pub fn state(&self) -> CircuitState {
        self.0.gate.read(|machine, settings| machine.seen(settings, Tick::now()).0)
    }

    /// Returns a snapshot of counts, times and settings.
    pub fn stats(&self) -> CircuitStats {
        let Core { name, gate, totals } = &*self.0;
        let name = name.as_str().to_owned();
        gate.read(|machine, settings| {
            let now = Tick::now();
            let (state, cooldown_remaining) = machine.seen(settings, now);
            let sums = totals.sums(machine.period(), &machine.tally);
            let window = machine.counts(now, sums.successes).unwrap_or_default();
            let tally = &machine.tally;
            CircuitStats {
                name,
                state,
                failures: machine.failures(),
                successes: sums.successes,
                threshold: settings.threshold(),
                cooldown: settings.cooldown,
                cooldown_remaining,
                last_failure: tally.last_failure.time(),
                last_success: sums.last_success.time(),
                window_total: window.total,
                window_failures: window.failures,
                window_slow: window.slow,
                total_succeeded: sums.succeeded,
                total_failed: tally.failed,
                total_ignored: sums.ignored,
                total_cancelled: sums.cancelled,
                total_rejected: sums.rejected,
                total_opened: machine.opened(),
            }
        })
    }

    /// Closes the circuit, and clears `failures`, `successes`, the window and `last_failure`.
    ///
    /// The totals and `last_success` remain. A reset also ends [`force_open`](Self::force_open) and
    /// [`disable`](Self::disable). Running calls no longer affect the circuit.
    pub fn reset(&self) {
        self.0.gate.decide(|machine, _| machine.reset(Tick::now()));
        events::reset(&self.0.name);
    }

    /// Opens the circuit for a cooldown, from any state, like a failure.
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    ///
    /// # fn main() -> Result<(), resilience_runtime::ConfigError> {
    /// let breaker = CircuitBreaker::builder("trip_example").build()?;
    /// breaker.trip();
    /// assert_eq!(breaker.state(), CircuitState::Open);
    /// # Ok(())
    /// # }
    /// ```
    pub fn trip(&self) {
        let failures = self.0.gate.decide(|machine, settings| {
            machine.trip(settings, Tick::now());
            machine.failures()
        });
        events::opened(&self.0.name, "manual", failures, None);
    }

    /// Rejects every call until [`reset`](Self::reset).
    ///
    /// Each rejection reports a whole cooldown as the time to wait, because the time of the reset is not known.
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    ///
    /// # fn main() -> Result<(), resilience_runtime::ConfigError> {
    /// let breaker = CircuitBreaker::builder("force_open_example").build()?;
    /// breaker.force_open();
    /// assert!(breaker.try_acquire().is_err());
    /// assert_eq!(breaker.state(), CircuitState::ForcedOpen);
    /// breaker.reset();
    /// assert!(breaker.try_acquire().is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn force_open(&self) {
        self.0.gate.decide(|machine, _| machine.force_open());
        events::forced_open(&self.0.name);
    }

    /// Admits every call until [`reset`](Self::reset).
    ///
    /// The outcomes appear in the totals, but do not affect the circuit.
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("disable_example").threshold(1).build()?;
    /// breaker.disable();
    /// breaker.try_acquire()?.failure();
    /// assert_eq!(breaker.state(), CircuitState::Disabled);
    /// # Ok(())
    /// # }
    /// ```
    pub fn disable(&self) {
        self.0.gate.decide(|machine, _| machine.disable());
        events::disabled(&self.0.name);
    }

    /// Requests a permit for one call.
    ///
    /// # Errors
    ///
    /// Returns a [`CircuitOpenError`] if the circuit is open, or if it is half-open and every trial is taken.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, CircuitOpenError> {
        let mut permit = self.acquire()?;
        permit.0.start_wait();
        Ok(permit)
    }

    /// Admits a call without starting the time of [`hung_after`](crate::CircuitBuilder::hung_after), which starts
    /// when the body first waits.
    #[inline]
    pub(crate) fn acquire(&self) -> Result<Permit<'_>, CircuitOpenError> {
        Call::acquire(&*self.0).map(Permit)
    }

    /// Requests a permit that is `Send + 'static`, for one call.
    ///
    /// # Errors
    ///
    /// Returns a [`CircuitOpenError`] if the circuit is open, or if it is half-open and every trial is taken.
    #[inline]
    pub fn try_acquire_owned(&self) -> Result<OwnedPermit, CircuitOpenError> {
        let mut call = Call::acquire(self.0.clone())?;
        call.start_wait();
        Ok(OwnedPermit(call))
    }

    /// Makes one call through the breaker. An `Ok` counts as a success, and an `Err` as a failure.
    ///
    /// The breaker ignores an error that says that a layer below did not make the call, or that the caller's
    /// [`deadline`](crate::deadline()) ended it. `E` needs no bound, so the breaker cannot look into the error. It goes by two
    /// signs instead: a layer made such an error during the last poll of the future, and the error still exists. An error
    /// that `f` handled and dropped is therefore no rejection, and neither is one that `f` turned into a text. Some cases
    /// differ from the attributes. The breaker takes another error for a rejection if `f` keeps the rejection elsewhere, or
    /// handled an expired deadline, in that poll. It counts a rejection as a failure if `f` received it in an earlier poll,
    /// in a spawned task, or before it returned its future, or if `f` dropped an older rejection in the same poll.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Open`] if the call is rejected; `f` does not run then. Returns [`CallError::Failed`] with the
    /// error of the call, even if this error opens the circuit.
    ///
    /// # Panics
    ///
    /// A panic of `f` or of its future counts as a failure, and reaches the caller.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the call, and frees the slot of a trial. A cancelled call is neither success nor
    /// failure, unless it ran for [`hung_after`](crate::CircuitBuilder::hung_after); then it is a failure.
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        // A `match`, because `map_err` and `?` pass the result through memory.
        let mut permit = match self.acquire() {
            Ok(permit) => permit,
            Err(open) => return Err(CallError::Open(open)),
        };
        let body = permit.run(f);
        let outcome = Noted::new(Watched::new(&mut permit, body)).await;
        match outcome {
            Ok(value) => {
                permit.success();
                Ok(value)
            }
            Err(error) => {
                match Note::last() {
                    Note::Other => permit.failure(),
                    Note::Deadline => permit.end_late(),
                    Note::Circuit | Note::Limit => permit.ignore(),
                }
                Err(CallError::Failed(error))
            }
        }
    }

    /// Replaces the settings from the next decision on.
    pub(crate) fn apply(&self, settings: Arc<Settings>) {
        let Core { gate, totals, .. } = &*self.0;
        gate.decide(|machine, current| {
            let successes = totals.sums(machine.period(), &machine.tally).successes;
            machine.change_settings(current, &settings, Tick::now(), successes);
            *current = settings;
        });
    }

    pub(crate) fn max_cooldown(&self) -> Duration {
        self.0.gate.read(|_, settings| settings.max_cooldown)
    }

    /// Returns whether the circuit is open and will still be open after `delay`.
    pub(crate) fn stays_open(&self, delay: Duration) -> bool {
        self.0.gate.read(|machine, settings| {
            let (state, left) = machine.seen(settings, Tick::now());
            !settings.shadow && (state == CircuitState::ForcedOpen || left > delay)
        })
    }

    /// Returns a function that finds the breaker again while another handle exists.
    pub(crate) fn downgrade(&self) -> impl Fn() -> Option<Self> + use<> {
        let weak = Arc::downgrade(&self.0);
        move || weak.upgrade().map(Self)
    }

    /// Returns whether another handle exists, such as the handle of a running call.
    pub(crate) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Returns the phase as it was published last, without a lock.
    pub(crate) fn phase(&self) -> Phase {
        self.0.gate.phase()
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.0.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
