//! Defines [`CircuitOpenError`], the error of a call that a circuit rejected.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::base::name::Name;
use crate::base::not_made::{ByCircuit, NotMade};
use crate::circuit::core::state::CircuitState;
use crate::circuit::core::wait::Wait;

/// Reports that a circuit rejected a call.
///
/// An open or forced-open circuit rejects every call. A half-open circuit admits up to `half_open_max` trial calls, and
/// rejects every other call.
///
/// Creating or cloning this error does not allocate.
///
/// ```
/// use resilience_runtime::CircuitBreaker;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("exa_api").threshold(1).build()?;
/// breaker.try_acquire()?.failure();
///
/// let open = breaker.try_acquire().unwrap_err();
/// assert_eq!(open.to_string(), "Circuit 'exa_api' is open. Retry in 30s");
/// # Ok(())
/// # }
/// ```
#[doc(alias("BrokenCircuitException", "CallNotPermittedException"))]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("Circuit '{}' is {}. Retry in {}s", self.source.name, self.condition(), whole_seconds(self.retry_after()))]
pub struct CircuitOpenError {
    source: NotMade<ByCircuit>,
}

impl CircuitOpenError {
    #[inline]
    pub(crate) fn new(name: Name, wait: Wait) -> Self {
        Self { source: NotMade::new(name, wait.to_bits()) }
    }

    /// Rebuilds the error from its source, which contains the name and the state of the circuit, and the time to wait.
    pub(crate) fn of(mark: &NotMade<ByCircuit>) -> Self {
        Self { source: mark.clone() }
    }

    /// Returns the unescaped name of the circuit. In the message of this error, the name is escaped: for example, a
    /// line break becomes `\n`.
    pub fn name(&self) -> &str {
        self.source.name.as_str()
    }

    /// Returns the state of the circuit at the time of the rejection: open, half-open or forced open.
    pub fn state(&self) -> CircuitState {
        self.wait().state()
    }

    /// Returns the time after which the caller may try again, rounded up to a multiple of 8 ns.
    ///
    /// - If the circuit was open, the time is the rest of the cooldown.
    /// - If the circuit was half-open, the time is the rest of the newest trial call's `trial_timeout`, but at most one
    ///   second.
    /// - If the circuit was forced open, the time is a whole cooldown, because the end of this state is not known in
    ///   advance.
    ///
    /// ```
    /// use std::time::Duration;
    /// use resilience_runtime::{CircuitBreaker, CircuitState};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("retry_after_example").threshold(1).cooldown(Duration::ZERO).build()?;
    /// breaker.try_acquire()?.failure();
    /// let _trial = breaker.try_acquire()?;
    ///
    /// let rejection = breaker.try_acquire().unwrap_err();
    /// assert_eq!((rejection.state(), rejection.retry_after()), (CircuitState::HalfOpen, Duration::from_secs(1)));
    /// assert_eq!(
    ///     rejection.to_string(),
    ///     "Circuit 'retry_after_example' is half-open and its trial is under way. Retry in 1s"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn retry_after(&self) -> Duration {
        self.wait().time()
    }

    fn wait(&self) -> Wait {
        Wait::from_bits(self.source.wait)
    }

    fn condition(&self) -> &'static str {
        match self.state() {
            CircuitState::HalfOpen => "half-open and its trial is under way",
            _ => "open",
        }
    }

    /// Returns the rest of the cooldown at the time of the rejection, or zero if the circuit was not
    /// [open](CircuitState::Open).
    pub fn cooldown_remaining(&self) -> Duration {
        if self.state() == CircuitState::Open { self.retry_after() } else { Duration::ZERO }
    }
}

/// Wraps the rejection in an `io::Error` of the kind [`Other`](io::ErrorKind::Other).
///
/// A function that returns `io::Result` can therefore have the attribute `#[circuit]` without a new error type.
impl From<CircuitOpenError> for io::Error {
    fn from(open: CircuitOpenError) -> Self {
        Self::other(open)
    }
}

/// Rounds `time` up to whole seconds. A caller that waits for the rounded time therefore does not try again too early.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}
