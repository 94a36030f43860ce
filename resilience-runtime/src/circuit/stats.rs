//! Defines the statistics of a circuit.

use std::time::{Duration, SystemTime};

use crate::circuit::core::state::CircuitState;

/// A snapshot of the statistics of one circuit. The functions [`get_circuit_stats`](crate::get_circuit_stats) and
/// [`CircuitBreaker::stats`](crate::CircuitBreaker::stats) return a snapshot.
///
/// The fields whose names begin with `total_` count from the creation of the breaker on, and never decrease. These
/// totals include calls that ended too late to affect the circuit.
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
    /// Name that was given to the circuit, not escaped.
    pub name: String,
    /// State that a call would find at the time of the snapshot.
    pub state: CircuitState,
    /// Number of failures that count towards the option `threshold`. Without a window of recent calls, the value is the
    /// number of consecutive failures. With a window, the value is the number of failures that were in the window at
    /// the last failure. While the circuit is open, the value does not change. Each failed trial call of the half-open
    /// circuit adds one to the value. Closing or resetting the circuit sets the value to zero.
    pub failures: u64,
    /// Number of successes since the circuit last closed or was reset, or since the circuit was created. If the state
    /// of the circuit changes during a call, the number does not include the success of this call.
    pub successes: u64,
    /// Number of failures that opens the circuit, or zero if the circuit has a `failure_rate` or a `slow_rate`.
    pub threshold: u32,
    /// Configured cooldown, before `cooldown_factor` and `cooldown_jitter` extend it.
    pub cooldown: Duration,
    /// Time until an open circuit becomes half-open, or zero in any other state.
    pub cooldown_remaining: Duration,
    /// Time of the last failure, to the millisecond. The field is `None` if no call has failed since the creation or
    /// the last reset of the circuit.
    pub last_failure: Option<SystemTime>,
    /// Time of the last success, to the millisecond. The field is `None` if no call has succeeded.
    pub last_success: Option<SystemTime>,
    /// Number of successful and failed calls in the window of recent calls, or zero if the circuit has no window. The
    /// window contains only calls of a closed circuit, and no trial calls.
    pub window_total: u64,
    /// Number of failed calls in the window of recent calls.
    pub window_failures: u64,
    /// Number of slow calls in the window of recent calls, including slow successes.
    pub window_slow: u64,
    /// Total number of calls that succeeded.
    pub total_succeeded: u64,
    /// Total number of calls that failed or panicked.
    pub total_failed: u64,
    /// Total number of ignored calls. The error of an ignored call is no fault of the service.
    pub total_ignored: u64,
    /// Total number of calls whose future or permit was dropped before the call ended.
    pub total_cancelled: u64,
    /// Total number of rejected calls. With the option `shadow`, the rejected calls ran nevertheless.
    pub total_rejected: u64,
    /// Number of times that the circuit opened, including each opening after a failed trial call of the half-open
    /// circuit.
    pub total_opened: u64,
}
