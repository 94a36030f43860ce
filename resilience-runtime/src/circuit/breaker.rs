//! Defines [`CircuitBreaker`], the handle of a circuit.

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

/// Rejects calls to a failing service until the service has recovered.
///
/// `threshold` consecutive failures open the circuit. An open circuit rejects every call until the cooldown ends. The
/// circuit is then half-open, and admits up to `half_open_max` trial calls. The same number of successful trials closes
/// the circuit. One failed trial opens the circuit for another cooldown.
///
/// A success of a closed circuit resets the count of failures. A long outage therefore opens the circuit, but single
/// failures between successes do not. [`CircuitBuilder`](crate::CircuitBuilder) describes other rules.
///
/// A call that started before the last state change no longer affects the circuit. Its outcome appears only in the
/// totals of [`CircuitStats`].
///
/// Cloning a `CircuitBreaker` is cheap, and all clones share one state. The pattern is described by Michael Nygard in
/// *Release It!*, and by Martin Fowler in *`CircuitBreaker`* (2014).
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

    /// Returns the name of the circuit as it was given. Events and errors show the name escaped.
    pub fn name(&self) -> &str {
        self.label().as_str()
    }

    pub(crate) fn label(&self) -> &Name {
        &self.0.name
    }

    /// Returns the state that a call would find now. An open circuit counts as half-open as soon as its cooldown has
    /// ended.
    ///
    /// Reading the state does not change it.
    pub fn state(&self) -> CircuitState {
        self.0.gate.read(|machine, settings| machine.seen(settings, Tick::now()).0)
    }

    /// Returns a snapshot of the counts, times and settings of the circuit.
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

    /// Closes the circuit, and clears the window and the statistics `failures`, `successes` and `last_failure`.
    ///
    /// The totals and `last_success` remain. A reset also ends [`force_open`](Self::force_open) and
    /// [`disable`](Self::disable). A call that runs during the reset no longer affects the circuit.
    pub fn reset(&self) {
        self.0.gate.decide(|machine, _| machine.reset(Tick::now()));
        events::reset(&self.0.name);
    }

    /// Opens the circuit for one cooldown, from any state. After the cooldown, the circuit is half-open.
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

    /// Rejects every call until [`reset`](Self::reset), [`trip`](Self::trip) or [`disable`](Self::disable) is called.
    ///
    /// The error of each rejected call reports the whole cooldown as the time to wait, because the time of the reset is
    /// not known.
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

    /// Admits every call until [`reset`](Self::reset), [`trip`](Self::trip) or [`force_open`](Self::force_open) is
    /// called.
    ///
    /// The outcomes of these calls appear in the totals, but do not affect the circuit.
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
    /// Returns a [`CircuitOpenError`] if the circuit is open, or if it is half-open and admits no further trial call.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, CircuitOpenError> {
        let mut permit = self.acquire(false)?;
        permit.0.start_wait();
        Ok(permit)
    }

    /// Requests a permit for one call. Does not read the start time for
    /// [`hung_after`](crate::CircuitBuilder::hung_after), because [`Watched`] reads it when the body first waits.
    ///
    /// `is_repeat` is true in a second or later attempt of a retry on the same function.
    #[inline]
    pub(crate) fn acquire(&self, is_repeat: bool) -> Result<Permit<'_>, CircuitOpenError> {
        Call::acquire(&*self.0, is_repeat).map(Permit)
    }

    /// Requests a permit that is `Send + 'static`, for one call.
    ///
    /// # Errors
    ///
    /// Returns a [`CircuitOpenError`] if the circuit is open, or if it is half-open and admits no further trial call.
    #[inline]
    pub fn try_acquire_owned(&self) -> Result<OwnedPermit, CircuitOpenError> {
        let mut call = Call::acquire(self.0.clone(), false)?;
        call.start_wait();
        Ok(OwnedPermit(call))
    }

    /// Makes one call through the breaker. An `Ok` counts as a success, and an `Err` as a failure.
    ///
    /// The breaker ignores an `Err` if a layer inside `f`, such as another circuit, rejected the call. The breaker also
    /// ignores an `Err` if the caller's [`deadline`](crate::deadline()) ended the call. If such a call had run for
    /// [`hung_after`](crate::CircuitBuilder::hung_after) or longer, it is a failure instead.
    ///
    /// `E` needs no bound, so the breaker cannot inspect the error. The breaker recognises both cases by two signs. A
    /// layer created such an error during the last poll of the future, and the error still exists when the future
    /// returns. If `f` dropped a rejection, or converted it into a text, an `Err` therefore counts as a failure.
    ///
    /// The attributes inspect the error. Unlike the attributes, the breaker misjudges an `Err` in these cases:
    ///
    /// - The breaker ignores an unrelated `Err` if, in the last poll, `f` kept a rejection elsewhere or handled an
    ///   expired deadline.
    /// - A rejection counts as a failure if `f` received it in an earlier poll, or in a spawned task.
    /// - A rejection counts as a failure if `f` dropped an older rejection in the same poll.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Open`] if the circuit rejects the call, without calling `f`. Returns [`CallError::Failed`]
    /// with the error of the future, even if this error opens the circuit.
    ///
    /// # Panics
    ///
    /// A panic of `f` or of its future counts as a failure, and continues in the caller.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future cancels the call, and frees the slot of a trial. A cancelled call that ran for
    /// [`hung_after`](crate::CircuitBuilder::hung_after) or longer is a failure. Any other cancelled call is neither
    /// success nor failure.
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        // Avoids `map_err` and `?`, because they move the result from registers to memory.
        let mut permit = match self.acquire(false) {
            Ok(permit) => permit,
            Err(open) => return Err(CallError::Open(open)),
        };
        let outcome = Noted::new(Watched::new(&mut permit, async { f().await })).await;
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

    /// Replaces the settings. All later decisions use the new settings.
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

    /// Returns whether the circuit rejects calls now, and will still reject calls after `delay`.
    pub(crate) fn stays_open(&self, delay: Duration) -> bool {
        self.0.gate.read(|machine, settings| {
            let (state, left) = machine.seen(settings, Tick::now());
            !settings.shadow && (state == CircuitState::ForcedOpen || left > delay)
        })
    }

    /// Returns a weak handle as a function. The function returns the breaker while another handle exists, and then
    /// `None`.
    pub(crate) fn downgrade(&self) -> impl Fn() -> Option<Self> + use<> {
        let weak = Arc::downgrade(&self.0);
        move || weak.upgrade().map(Self)
    }

    /// Returns whether another handle of the breaker exists, such as the handle of a running call.
    pub(crate) fn is_in_use(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Returns the phase, a summary of the state, as it was published last. Does not take the lock.
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
