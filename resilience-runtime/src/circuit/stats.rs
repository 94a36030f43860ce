use std::time::{Duration, SystemTime};

use crate::circuit::core::state::CircuitState;

/// A snapshot of one circuit, from [`get_circuit_stats`](crate::get_circuit_stats) or
/// [`CircuitBreaker::stats`](crate::CircuitBreaker::stats).
///
/// Totals count every call of the breaker's life, never go back, and include calls whose verdict came too late to
/// count otherwise.
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
    /// The name of the circuit, as it was given.
    pub name: String,
    /// The state as the next call would find it.
    pub state: CircuitState,
    /// Failures toward `threshold`: those in a row, or in the window as of the last one. Kept while open, where each failed trial adds one; zero again once the
    /// circuit closes or is reset.
    pub failures: u64,
    /// Successes since the circuit last closed from half-open or was reset. A call that ends while that happens may be
    /// counted on either side of it.
    pub successes: u64,
    /// The number of failures that opens the circuit; zero where it goes by rates.
    pub threshold: u32,
    /// How long an open circuit rejects calls, at first.
    pub cooldown: Duration,
    /// How long the circuit will stay open; zero unless it is open.
    pub cooldown_remaining: Duration,
    /// When a call last failed, by the wall clock to the millisecond; cleared by a reset.
    pub last_failure: Option<SystemTime>,
    /// When a call last succeeded, by the wall clock to the millisecond.
    pub last_success: Option<SystemTime>,
    /// Calls in the window, if the rule has one.
    pub window_total: u64,
    /// Those of them that failed.
    pub window_failures: u64,
    /// Those of them that were slow, whatever they came to.
    pub window_slow: u64,
    /// Calls that succeeded.
    pub total_succeeded: u64,
    /// Calls that failed or panicked.
    pub total_failed: u64,
    /// Calls whose error was not the service's fault.
    pub total_ignored: u64,
    /// Calls that were dropped before they ended.
    pub total_cancelled: u64,
    /// Calls that were not let through, or would not have been with `shadow`.
    pub total_rejected: u64,
    /// How often the circuit opened, failed trials included.
    pub total_opened: u64,
}
