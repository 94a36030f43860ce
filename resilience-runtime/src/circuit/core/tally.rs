//! Defines the counters of a breaker that change only under the lock.

use crate::base::clock::Stamp;

/// The counters of one breaker that change only under the lock. [`Totals`](crate::circuit::core::totals::Totals)
/// contains all other counters.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The number of successes since the circuit last closed or was reset, without the successes that a
    /// [`Slot`](crate::circuit::core::stripes::Slot) counts. Successes of trials, for example, are counted here.
    pub(crate) recent: u64,
    /// The number of earlier successes that no `Slot` counts. Successes of calls that started before the last state
    /// change are included.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
