//! Defines the counters of a breaker that change only under the lock of the breaker.

use crate::base::clock::Stamp;

/// Contains the counters that change only under the lock of the breaker. The type
/// [`Totals`](crate::circuit::core::totals::Totals) contains the counters that change without the lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The number of successes since the circuit last closed or was reset. Does not include the successes in the
    /// counters of a thread, a [`Slot`](crate::circuit::core::stripes::Slot). Most successes are in these counters.
    pub(crate) recent: u64,
    /// The number of successes before the circuit last closed or was reset, also without the successes in a slot.
    /// Includes each success of a call during which the state of the circuit changed.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
