//! Defines the statistics of a circuit.

use std::time::{Duration, SystemTime};

use crate::circuit::core::state::CircuitState;

/// Contains the statistics of one circuit at one moment. The function [`get_circuit_stats`](crate::get_circuit_stats)
/// and the method [`CircuitBreaker::stats`](crate::CircuitBreaker::stats) return this value.
///
/// A field whose name begins with `total_` is zero when the circuit is created, and never decreases. If the state of
/// the circuit changes during a call, only the `total_` fields count the outcome of this call.
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
#[doc(alias = "metrics")]
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitStats {
    /// Unescaped name of the circuit. In events and error messages, the name is escaped: for example, a line break
    /// becomes `\n`.
    pub name: String,
    /// State of the circuit. An open circuit whose cooldown has ended counts as half-open.
    pub state: CircuitState,
    /// Number of failures that count towards the option `threshold` or `failure_rate`. Without a window of recent
    /// calls, the value is the number of consecutive failures. With a window, the value is the number of failures in
    /// the window at the time of the last failure. While the circuit is open, the value does not change. Each failed or
    /// slow trial call of the half-open circuit adds one to the value. When the circuit closes or is reset, the value
    /// becomes zero.
    pub failures: u64,
    /// Number of successes since the circuit was created, closed or reset, whichever happened last. If the state of the
    /// circuit changes during a call, the number does not include the success of this call. The number also leaves out
    /// successes while the circuit is disabled, and successes of calls that only the option `shadow` admitted.
    pub successes: u64,
    /// Number of failures at which the circuit opens, or zero if the circuit has a `failure_rate` or a `slow_rate`.
    pub threshold: u32,
    /// Value of the option `cooldown`, without the extensions by `cooldown_factor` and `cooldown_jitter`.
    pub cooldown: Duration,
    /// Time until the open circuit becomes half-open, or zero if the circuit is not open.
    pub cooldown_remaining: Duration,
    /// Time of the last failure on the clock of the system, in whole milliseconds. On Linux, this clock may lag by up
    /// to 10 ms. The field is `None` if no call has failed since the creation or the last reset of the circuit. A restored
    /// snapshot sets the field to the value in the snapshot, even if this circuit has received no call.
    pub last_failure: Option<SystemTime>,
    /// Time of the last success on the clock of the system, in whole milliseconds. On Linux, this clock may lag by up
    /// to 10 ms. The field is `None` if no call has succeeded since the creation of the circuit, and no snapshot has
    /// set the time.
    pub last_success: Option<SystemTime>,
    /// Number of successful and failed calls in the window of recent calls, or zero if the circuit has no window. The
    /// window contains only calls that the closed circuit admitted.
    pub window_total: u64,
    /// Number of failed calls in the window of recent calls.
    pub window_failures: u64,
    /// Number of slow calls in the window of recent calls, including slow successes.
    pub window_slow: u64,
    /// Total number of calls that succeeded.
    pub total_succeeded: u64,
    /// Total number of calls that failed or panicked.
    pub total_failed: u64,
    /// Total number of ignored calls. An ignored call counts as neither success nor failure, for example because of the
    /// option `failure_if`.
    pub total_ignored: u64,
    /// Total number of calls whose future or permit was dropped before the call ended. If the dropped call ran for the
    /// time `hung_after` or longer, `total_failed` counts the call instead.
    pub total_cancelled: u64,
    /// Total number of rejected calls. With the option `shadow`, this field counts the calls that the circuit would
    /// have rejected without this option.
    pub total_rejected: u64,
    /// Number of times that the circuit opened. Each failed or slow trial call of the half-open circuit opens the
    /// circuit again. A call of [`force_open`](crate::CircuitBreaker::force_open) and a restored snapshot do not count.
    pub total_opened: u64,
}
