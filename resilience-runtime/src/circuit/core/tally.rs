//! Defines the counters of a breaker that change only under the lock of the breaker.

use crate::base::clock::Stamp;

/// Contains the counters that change only under the lock of the breaker. The type
/// [`Totals`](crate::circuit::core::totals::Totals) contains the counters that change without the lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The number of successes since the circuit last closed or was reset. Most successes are counted in a
    /// [`Slot`](crate::circuit::core::stripes::Slot) instead. For example, this field counts a successful trial call of
    /// a half-open circuit.
    pub(crate) recent: u64,
    /// The number of successes before the circuit last closed or was reset. Does not include the successes that a
    /// [`Slot`](crate::circuit::core::stripes::Slot) counts. This field also counts a success if the state of the
    /// circuit changed during the successful call.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
