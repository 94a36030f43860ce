//! Defines the counters of a breaker that change only under the lock of the breaker.

use crate::base::clock::Stamp;

/// The counters of one breaker that change only under the lock of the breaker. The type
/// [`Totals`](crate::circuit::core::totals::Totals) contains the counters that change without this lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The number of successes since the circuit last closed or was reset, without the successes that a
    /// [`Slot`](crate::circuit::core::stripes::Slot) counts. A slot contains the counters for one thread or for a few
    /// threads. For example, this field counts the successes of trial calls.
    pub(crate) recent: u64,
    /// The number of successes from the creation of the breaker until the circuit last closed or was reset. The
    /// successes that a `Slot` counts are not included. If the state of the circuit changed during a successful call,
    /// this field counts the success of this call, too.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
