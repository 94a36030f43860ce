//! Defines the type [`CircuitBreaker`], which rejects calls to a failing service.

#[cfg(all(test, not(resilience_loom)))]
mod costs;

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::base::clock::{Tick, nanos, whole_steps};
use crate::base::existing::Note;
use crate::base::name::Name;
use crate::base::noted::{Failed, Noted, note_run};
use crate::base::still_open::FOREVER;
use crate::base::sync::Arc;
use crate::call_error::CallError;
use crate::circuit::call::Call;
use crate::circuit::core::core::Core;
#[cfg(feature = "serde")]
use crate::circuit::core::kept::Kept;
use crate::circuit::core::state::{CircuitState, Phase};
use crate::circuit::core::stripes::Stripes;
use crate::circuit::error::CircuitOpenError;
use crate::circuit::permit::{OwnedPermit, Permit};
use crate::circuit::settings::Settings;
use crate::circuit::stats::CircuitStats;
use crate::circuit::sums::CircuitSums;
use crate::circuit::watched::Watched;

/// Rejects calls to a failing service until the service has recovered.
///
/// By default, the circuit opens when the number of consecutive failures reaches the option `threshold`. An open
/// circuit rejects every call for a period of time, the cooldown. After the cooldown, the circuit is half-open, and
/// admits up to `half_open_max` trial calls. When `half_open_max` trial calls have succeeded, the circuit closes. A
/// single failed trial call opens the circuit for another cooldown.
///
/// While the circuit is closed, each success resets the count of consecutive failures to zero. A long outage therefore
/// opens the circuit, but single failures between successes do not. [`CircuitBuilder`](crate::CircuitBuilder) describes
/// other rules for the opening of a circuit, for example a failure rate.
///
/// If the state of the circuit changes during a call, only the totals in [`CircuitStats`], such as `total_failed`,
/// count the outcome of the call.
///
/// All clones of a `CircuitBreaker` share one state. Michael Nygard describes the pattern of a circuit breaker in
/// *Release It!*. Martin Fowler describes the pattern in the article *`CircuitBreaker`* (2014).
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
/// assert!(matches!(breaker.call(ask).await, Err(CallError::Rejected(_))));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct CircuitBreaker(pub(crate) Arc<Core>);

impl CircuitBreaker {
    pub(crate) fn new(name: Name, settings: Arc<Settings>) -> Self {
        Self(Arc::new(Core::new(name, settings, Stripes::new())))
    }

    pub(crate) fn one_of_many(name: Name, settings: Arc<Settings>) -> Self {
        Self(Arc::new(Core::new(name, settings, Stripes::single())))
    }

    /// Returns the name of the circuit. Events and error messages escape special characters in the name, but this
    /// method does not.
    pub fn name(&self) -> &str {
        self.label().as_str()
    }

    pub(crate) fn label(&self) -> &Name {
        &self.0.name
    }

    /// Returns the state that a call would find now. If the cooldown of an open circuit has ended, the returned state
    /// is [`CircuitState::HalfOpen`].
    ///
    /// This method does not change the state.
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
                total_opened: gate.records().map_or(0, |records| records.transitions.opened()),
            }
        })
    }

    /// Returns the numbers that the metrics show: calls, state changes, and durations of calls.
    pub(crate) fn sums(&self) -> CircuitSums {
        let Core { gate, totals, .. } = &*self.0;
        let (sums, failed) =
            gate.read(|machine, _| (totals.sums(machine.period(), &machine.tally), machine.tally.failed));
        let records = gate.records();
        let durations = records.and_then(|records| records.durations.get());
        CircuitSums {
            calls: [sums.succeeded, failed, sums.ignored, sums.cancelled, sums.rejected],
            transitions: records.map(|records| records.transitions.counts()).unwrap_or_default(),
            durations: durations.map(|durations| Box::new(durations.sums())),
        }
    }

    /// Requests a permit for one call. The caller makes the call, and then reports the outcome with a method of the
    /// permit, such as [`Permit::success`].
    ///
    /// # Errors
    ///
    /// Returns a [`CircuitOpenError`] if the circuit is open or forced open. Also returns this error if the circuit is
    /// half-open and admits no further trial call.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::CircuitBreaker;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("try_acquire_example").threshold(1).build()?;
    /// breaker.try_acquire()?.failure();
    /// assert_eq!(breaker.try_acquire().unwrap_err().name(), "try_acquire_example");
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "acquire permission")]
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, CircuitOpenError> {
        let mut permit = self.acquire(false)?;
        permit.0.hand_over();
        Ok(permit)
    }

    /// Requests a permit for one call. Unlike [`Self::try_acquire`], this method does not read the clock for the option
    /// [`hung_after`](crate::CircuitBuilder::hung_after). Instead, the future [`Watched`], which polls the body, reads
    /// the clock when the body first waits.
    ///
    /// `is_repeat` is true for a second or later attempt of a `#[retry]` on the decorated function.
    #[inline]
    pub(crate) fn acquire(&self, is_repeat: bool) -> Result<Permit<'_>, CircuitOpenError> {
        Call::acquire(&*self.0, is_repeat).map(Permit)
    }

    /// Requests a permit for one call. The caller makes the call, and then reports the outcome with a method of the
    /// permit, such as [`OwnedPermit::success`]. The permit is `Send + 'static`, so that a spawned task can own it.
    ///
    /// # Errors
    ///
    /// Returns a [`CircuitOpenError`] if the circuit is open or forced open. Also returns this error if the circuit is
    /// half-open and admits no further trial call.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::CircuitBreaker;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("try_acquire_owned_example").build()?;
    /// let permit = breaker.try_acquire_owned()?;
    /// std::thread::spawn(move || permit.success()).join().unwrap();
    /// assert_eq!(breaker.stats().successes, 1);
    /// # Ok(())
    /// # }
    /// ```
    #[inline]
    pub fn try_acquire_owned(&self) -> Result<OwnedPermit, CircuitOpenError> {
        let mut call = Call::acquire(self.0.clone(), false)?;
        call.hand_over();
        Ok(OwnedPermit(call))
    }

    /// Calls `f` and awaits its future, if the breaker admits the call. An `Ok` of the future counts as a success. An
    /// `Err` counts as a failure, with the exceptions below. To decide yourself which outcomes are failures, use
    /// [`call_with`](Self::call_with).
    ///
    /// The breaker ignores an `Err` if a circuit, a bulkhead or a rate limit inside `f` rejected a call. An ignored
    /// call counts as neither success nor failure. The breaker also ignores an `Err` if the caller's
    /// [`deadline`](crate::deadline()) ended the call. If the call ran for
    /// [`hung_after`](crate::CircuitBuilder::hung_after) or longer before the deadline, the call counts as a failure
    /// instead.
    ///
    /// The type `E` has no trait bound, so the breaker cannot inspect the `Err`. Instead, each thread counts the
    /// rejections and deadline errors that were created and not yet dropped. The breaker ignores the `Err` if this
    /// count grew during the last poll of the future. The count does not grow if `f` drops a rejection, or converts the
    /// rejection to a text. The `Err` then counts as a failure.
    ///
    /// Unlike the attribute `#[circuit]`, this method does not search the error and its sources. The method therefore
    /// misjudges an `Err` in the following cases:
    ///
    /// - If `f` stored a rejection during the last poll, and returned a different `Err`, the breaker ignores this
    ///   `Err`.
    /// - A rejection counts as a failure if `f` received the rejection before the last poll, or in a spawned task. If
    ///   each trial call spawns a task that calls this breaker, the circuit therefore never closes.
    /// - A rejection counts as a failure if `f` also dropped an older rejection during the last poll, because the count
    ///   then did not grow.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`] without calling `f` if the circuit rejects the call. Returns
    /// [`CallError::Failed`], with the error of the future, if the future of `f` fails. [`CallError::into_error`]
    /// converts both errors to the type `E`.
    ///
    /// # Panics
    ///
    /// If `f` or its future panics, the call counts as a failure, and the panic continues in the caller.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns cancels the call. If the call was a trial call of a half-open
    /// circuit, the circuit can then admit another trial call. A cancelled call counts as a failure if the call ran for
    /// [`hung_after`](crate::CircuitBuilder::hung_after) or longer. Otherwise, a cancelled call counts as neither
    /// success nor failure.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{CallError, CircuitBreaker};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("call_example").threshold(1).build()?;
    /// assert_eq!(breaker.call(|| async { Ok::<_, std::io::Error>(7) }).await?, 7);
    ///
    /// let down = || async { Err::<(), _>(std::io::Error::other("down")) };
    /// assert!(matches!(breaker.call(down).await, Err(CallError::Failed(_))));
    /// assert!(matches!(breaker.call(down).await, Err(CallError::Rejected(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call<T, E, F, Fut>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<T, E>>,
    {
        // Avoids `map_err` and `?`, because both would move the result from registers to memory. Calls `admit` and not
        // `acquire`, because a move of the `CircuitOpenError` into the `CallError` would take 9 instructions.
        let mut permit = match Call::admit(&*self.0, false) {
            Ok(call) => Permit(call),
            Err((core, wait)) => return Err(CircuitOpenError::new(core.name.clone(), wait).into()),
        };
        let outcome = Noted::new(Watched::new(&mut permit, async { f().await })).await;
        match outcome {
            Ok(value) => {
                permit.success();
                Ok(value)
            }
            Err(error) => {
                end_failed(permit);
                Err(CallError::Failed(error))
            }
        }
    }

    /// Works like [`call`](Self::call), for a function `f` that is not `async`. One breaker can protect blocking and
    /// async calls.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`] without calling `f` if the circuit rejects the call. Returns
    /// [`CallError::Failed`], with the error of `f`, if `f` fails.
    ///
    /// # Panics
    ///
    /// If `f` panics, the call counts as a failure. The panic continues in the caller.
    ///
    /// ```
    /// use resilience_runtime::{CallError, CircuitBreaker};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("call_blocking_example").threshold(1).build()?;
    /// let read = || std::fs::read("no such file");
    /// assert!(matches!(breaker.call_blocking(read), Err(CallError::Failed(_))));
    /// assert!(matches!(breaker.call_blocking(read), Err(CallError::Rejected(_))));
    /// # Ok(())
    /// # }
    /// ```
    pub fn call_blocking<T, E, F>(&self, f: F) -> Result<T, CallError<E>>
    where
        F: FnOnce() -> Result<T, E>,
    {
        let mut permit = match Call::admit(&*self.0, false) {
            Ok(call) => Permit(call),
            Err((core, wait)) => return Err(CircuitOpenError::new(core.name.clone(), wait).into()),
        };
        match note_run(|| permit.run_blocking(f)) {
            Ok(value) => {
                permit.success();
                Ok(value)
            }
            Err(error) => {
                end_failed(permit);
                Err(CallError::Failed(error))
            }
        }
    }

    /// Converts a permit of this circuit to an owned permit, which can live as long as the stream that the call
    /// returned.
    #[cfg(feature = "stream")]
    pub(crate) fn own(&self, permit: Permit<'_>) -> OwnedPermit {
        OwnedPermit::of(permit, self.0.clone())
    }

    /// Replaces the settings of the circuit.
    pub(crate) fn apply(&self, settings: Arc<Settings>) {
        let Core { gate, totals, .. } = &*self.0;
        gate.decide(|machine, current| {
            let successes = totals.sums(machine.period(), &machine.tally).successes;
            machine.change_settings(current, &settings, Tick::now(), successes);
            *current = settings;
        });
    }

    /// Returns the parts of the state that belong in a snapshot.
    #[cfg(feature = "serde")]
    pub(crate) fn keep(&self) -> Kept {
        let Core { gate, totals, .. } = &*self.0;
        gate.read(|machine, settings| {
            let sums = totals.sums(machine.period(), &machine.tally);
            Kept { last_success: sums.last_success, ..machine.keep(settings, Tick::now(), sums.successes) }
        })
    }

    /// Replaces the state of the circuit by the state in a snapshot. The caller must emit the event
    /// [`restored`](crate::circuit::events::restored).
    #[cfg(feature = "serde")]
    pub(crate) fn restore(&self, kept: &Kept) {
        let Core { gate, totals, .. } = &*self.0;
        gate.decide(|machine, settings| machine.restore(kept, settings, Tick::now()));
        let slot = totals.of_thread();
        slot.stamp(slot.last_success().max(kept.last_success));
    }

    pub(crate) fn max_cooldown(&self) -> Duration {
        self.0.gate.read(|_, settings| settings.max_cooldown)
    }

    /// Returns the time in nanoseconds for which the circuit will still reject calls after `delay`. Returns [`FOREVER`]
    /// for a circuit that is forced open.
    ///
    /// Rounds `delay` up to a multiple of 8 ns, because a cooldown is rounded in the same way.
    pub(crate) fn excess(&self, delay: Duration) -> u64 {
        self.0.gate.read(|machine, settings| match machine.seen(settings, Tick::now()) {
            _ if settings.shadow => 0,
            (CircuitState::ForcedOpen, _) => FOREVER,
            (_, left) => nanos(left).saturating_sub(whole_steps(nanos(delay))),
        })
    }

    pub(crate) fn address(&self) -> usize {
        self.0.address()
    }

    /// Describes the current outage. Returns the state of the circuit, the time since the outage began, and the rest of
    /// the cooldown. An outage begins when the circuit opens, and lasts until the circuit closes or is disabled.
    /// Returns `None` if there is no outage, or if the option `shadow` is set.
    pub(crate) fn outage(&self) -> Option<(CircuitState, Duration, Duration)> {
        if matches!(self.phase(), Phase::Closed { .. } | Phase::Disabled { .. }) {
            return None;
        }
        self.0.gate.read(|machine, settings| {
            let now = Tick::now();
            let (state, cooldown_remaining) = machine.seen(settings, now);
            let since = machine.outage().filter(|_| !settings.shadow)?;
            Some((state, since.until(now), cooldown_remaining))
        })
    }

    /// Returns the phase, a summary of the state, without taking the lock of the breaker.
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

/// Records a call that returned an error. The kind of the error decides whether the call counts as a failure. [`Noted`]
/// or [`note_run`] has stored this kind in a thread-local variable.
#[inline]
fn end_failed(permit: Permit<'_>) {
    match Note::last() {
        Note::Other => permit.end().body_failed(None, None),
        Note::Deadline => permit.end_late(),
        Note::TooLate => permit.end().end_too_late(Failed::InPoll),
        Note::Circuit | Note::Limit | Note::AboveBurst => permit.ignore(),
    }
}
