//! Defines the counters of a breaker that change only under the lock of the breaker.

use crate::base::clock::Stamp;

/// Contains the counters that change only under the lock of the breaker. The type
/// [`Totals`](crate::circuit::core::totals::Totals) contains the counters that change without the lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The number of successes since the circuit last closed or was reset. For example, this field counts a successful
    /// trial call of a half-open circuit. This number does not include the successes in a
    /// [`Slot`](crate::circuit::core::stripes::Slot), which contains the counters of one thread or a few threads.
    pub(crate) recent: u64,
    /// The number of successes before the circuit last closed or was reset. This number does not include the successes
    /// in a [`Slot`](crate::circuit::core::stripes::Slot). If the state of the circuit changed during a successful
    /// call, this field also counts this success.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
