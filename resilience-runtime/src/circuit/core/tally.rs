//! Counters that change with the lock held.

use crate::base::clock::Stamp;

/// The counters of one breaker that change with the lock held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Successes of the period that are in no slot: of trials, and of calls that took the lock.
    pub(crate) recent: u64,
    /// Successes of earlier periods that are in no slot, and stale ones.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
