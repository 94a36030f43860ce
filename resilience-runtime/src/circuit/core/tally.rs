//! Defines the counters of a breaker that change only under the lock of the breaker.

use crate::base::clock::Stamp;

/// The type [`Totals`](crate::circuit::core::totals::Totals) contains the counters that change without this lock.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The number of successes since the circuit last closed or was reset, for example the successes of trial calls.
    /// The successes that a [`Slot`](crate::circuit::core::stripes::Slot) (the counters for one thread or a few
    /// threads) counts are not included.
    pub(crate) recent: u64,
    /// The number of successes from the creation of the breaker until the circuit last closed or was reset. The
    /// successes that a `Slot` (the counters for one thread or a few threads) counts are not included. If the state of
    /// the circuit changed during a successful call, this field counts the success of this call, too.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
