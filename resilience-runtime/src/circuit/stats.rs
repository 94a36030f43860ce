//! The statistics of a circuit.

use std::time::{Duration, SystemTime};

use crate::circuit::core::state::CircuitState;

/// A snapshot of one circuit, from [`get_circuit_stats`](crate::get_circuit_stats) or
/// [`CircuitBreaker::stats`](crate::CircuitBreaker::stats).
///
/// Totals count every call since the breaker was created, and never decrease. They include calls that ended too late to
/// affect the circuit.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, CircuitState};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("stats_example").threshold(3).build()?;
/// breaker.try_acquire()?.failure();
///
/// let stats = breaker.stats();
/// assert_eq!((stats.state, stats.failures, stats.threshold), (CircuitState::Closed, 1, 3));
/// assert!(stats.last_failure.is_some() && stats.last_success.is_none());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitStats {
    /// Name of the circuit, not escaped.
    pub name: String,
    /// State that the next call would find.
    pub state: CircuitState,
    /// Number of failures that count towards `threshold`: consecutive failures, or the failures in the window at the
    /// last failure. An open circuit keeps the number, and each failed trial adds one. Closing or resetting the circuit
    /// clears it.
    pub failures: u64,
    /// Number of successes since the circuit was last reset, or last closed after a trial. A call that ends at that
    /// moment may count before or after it.
    pub successes: u64,
    /// Number of failures that opens the circuit; zero for a rule with rates.
    pub threshold: u32,
    /// The configured cooldown, without growth and jitter.
    pub cooldown: Duration,
    /// Time until the circuit becomes half-open; zero unless it is open.
    pub cooldown_remaining: Duration,
    /// Time of the last failure, to the millisecond; a reset clears it.
    pub last_failure: Option<SystemTime>,
    /// Time of the last success, to the millisecond.
    pub last_success: Option<SystemTime>,
    /// Number of calls in the window while the circuit was closed; zero for a rule without a window. The window
    /// contains no trials.
    pub window_total: u64,
    /// Number of failed calls in the window.
    pub window_failures: u64,
    /// Number of slow calls in the window, with any outcome.
    pub window_slow: u64,
    /// Total number of calls that succeeded.
    pub total_succeeded: u64,
    /// Total number of calls that failed or panicked.
    pub total_failed: u64,
    /// Total number of ignored calls: their error was not a fault of the service.
    pub total_ignored: u64,
    /// Total number of calls that were dropped before their end.
    pub total_cancelled: u64,
    /// Total number of rejected calls. With `shadow`, these calls ran nevertheless.
    pub total_rejected: u64,
    /// Number of times that the circuit opened, including after failed trials.
    pub total_opened: u64,
}
