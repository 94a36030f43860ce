//! Defines the statistics of a circuit.

use std::time::{Duration, SystemTime};

use crate::circuit::core::state::CircuitState;

/// A snapshot of one circuit, from [`get_circuit_stats`](crate::get_circuit_stats) or
/// [`CircuitBreaker::stats`](crate::CircuitBreaker::stats).
///
/// The totals count every call since the breaker was created, and never decrease. They include calls that ended too
/// late to affect the circuit.
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
    /// Name of the circuit as it was given, not escaped.
    pub name: String,
    /// State that a call would find at the time of the snapshot.
    pub state: CircuitState,
    /// Number of failures that count towards `threshold`. Without a window, these are the failures in a row. With a
    /// window, they are the failures in the window at the last failure. An open circuit keeps the number, and each
    /// failed trial adds one. Closing or resetting the circuit clears the number.
    pub failures: u64,
    /// Number of successes since the circuit was created, or since it last closed or was reset. A call that ends at the
    /// moment of a closing or a reset may count before or after it.
    pub successes: u64,
    /// Number of failures that opens the circuit, or zero if the rule has a `failure_rate` or a `slow_rate`.
    pub threshold: u32,
    /// Configured cooldown, before `cooldown_factor` and `cooldown_jitter` extend it.
    pub cooldown: Duration,
    /// Time until an open circuit becomes half-open, or zero in any other state.
    pub cooldown_remaining: Duration,
    /// Time of the last failure, to the millisecond. `None` if no call has failed, or no call since the last reset.
    pub last_failure: Option<SystemTime>,
    /// Time of the last success, to the millisecond. `None` if no call has succeeded.
    pub last_success: Option<SystemTime>,
    /// Number of successful and failed calls in the window, or zero if the rule has no window. Only calls of a closed
    /// circuit are in the window, and no trials.
    pub window_total: u64,
    /// Number of failed calls in the window.
    pub window_failures: u64,
    /// Number of slow calls in the window, including slow successes.
    pub window_slow: u64,
    /// Total number of calls that succeeded.
    pub total_succeeded: u64,
    /// Total number of calls that failed or panicked.
    pub total_failed: u64,
    /// Total number of ignored calls, whose error was no fault of the service.
    pub total_ignored: u64,
    /// Total number of calls that were dropped before their end.
    pub total_cancelled: u64,
    /// Total number of rejected calls. With `shadow`, these calls ran nevertheless.
    pub total_rejected: u64,
    /// Number of times that the circuit opened, including each opening after a failed trial.
    pub total_opened: u64,
}
