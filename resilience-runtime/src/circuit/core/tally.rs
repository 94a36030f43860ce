//! Defines the counters that change only under the lock of a breaker.

use crate::base::clock::Stamp;

/// Contains the counters that change only under the lock of the breaker. The type
/// [`Totals`](crate::circuit::core::totals::Totals) contains the counters that change without the lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The number of successes since the circuit last closed or was reset. Includes neither stale successes nor the
    /// successes that a [`Slot`](crate::circuit::core::stripes::Slot) counts. Slots count most successes, without the
    /// lock.
    pub(crate) recent: u64,
    /// The number of all other successes that no slot counts. Includes the successes before the circuit last closed or
    /// was reset, and all stale successes. A success is stale if the state of the circuit changed during the call, or
    /// if the circuit is disabled.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
