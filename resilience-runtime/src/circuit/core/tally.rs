//! The counters of a breaker that change while the lock is held.

use crate::base::clock::Stamp;

/// The counters of one breaker that change while the lock is held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// The successes of this period that no slot counts: successes of trials, and of calls that took the lock.
    pub(crate) recent: u64,
    /// The successes of earlier periods that no slot counts, and the stale successes.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
