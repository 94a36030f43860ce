//! Defines the counters of a breaker that change only under the lock of the breaker.

use crate::base::clock::Stamp;

/// The counters of one breaker that change only under the lock of the breaker. The type
/// [`Totals`](crate::circuit::core::totals::Totals) contains all other counters of the breaker.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The number of successes since the circuit last closed or was reset, without the successes that a
    /// [`Slot`](crate::circuit::core::stripes::Slot) counts. A slot contains the counters for one thread or for a few
    /// threads. For example, this field counts the successes of trial calls.
    pub(crate) recent: u64,
    /// The number of successes before the circuit last closed or was reset. The successes in the counters of single
    /// threads (the type `Slot`) are not included. This field also counts the success of a call that started before the
    /// last state change.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
