//! Counters that change with the lock held.

use crate::base::clock::Stamp;

/// What is counted with the lock held.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Successes of the period that are in no slot: those of trials, and of calls that had to take the lock.
    pub(crate) recent: u64,
    /// Successes of earlier periods that are in no slot, and those that came too late.
    pub(crate) settled: u64,
    pub(crate) failed: u64,
    pub(crate) last_failure: Stamp,
}
