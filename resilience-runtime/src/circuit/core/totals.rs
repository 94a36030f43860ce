//! Counters of outcomes over the life of a breaker, and the times of the last ones.
//!
//! Outcomes recorded under the lock are counted in [`Tally`], all others in the slots of the threads. Every access to those
//! is relaxed: a counter stands for itself, and none decides anything.

use crate::base::clock::Stamp;
use crate::base::sync::{AtomicU64, Ordering};
use crate::circuit::core::stripes::{Slot, Stripes};
use crate::circuit::core::tally::Tally;

/// Counters that change without the lock.
#[derive(Debug)]
pub(crate) struct Totals {
    stripes: Stripes,
    cancelled: AtomicU64,
}

/// The sums of both kinds of counters.
pub(crate) struct Sums {
    pub(crate) successes: u64,
    pub(crate) succeeded: u64,
    pub(crate) ignored: u64,
    pub(crate) cancelled: u64,
    pub(crate) rejected: u64,
    pub(crate) last_success: Stamp,
}

impl Totals {
    pub(crate) fn new(stripes: Stripes) -> Self {
        Self { stripes, cancelled: AtomicU64::new(0) }
    }

    /// The slot of this thread.
    #[inline]
    pub(crate) fn of_thread(&self) -> &Slot {
        self.stripes.of_thread()
    }

    /// The slot of this thread, once it has asked for it.
    #[inline]
    pub(crate) fn assigned(&self) -> Option<&Slot> {
        self.stripes.assigned()
    }

    /// Makes this thread's slot count for this period, and stamps it; the caller holds the lock.
    pub(crate) fn begin_period(&self, period: u32, now: Stamp, tally: &mut Tally) {
        let slot = self.of_thread();
        slot.stamp(now);
        let (carried, recent) = slot.begin_period(period);
        *(if recent { &mut tally.recent } else { &mut tally.settled }) += carried;
    }

    pub(crate) fn add_rejected(&self) {
        self.of_thread().rejected.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_ignored(&self) {
        self.of_thread().ignored.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn add_cancelled(&self) {
        self.cancelled.fetch_add(1, Ordering::Relaxed);
    }

    /// The caller holds the lock.
    pub(crate) fn sums(&self, period: u32, tally: &Tally) -> Sums {
        let mut sums = Sums {
            successes: tally.recent,
            succeeded: tally.recent + tally.settled,
            ignored: 0,
            cancelled: self.cancelled.load(Ordering::Relaxed),
            rejected: 0,
            last_success: Stamp::default(),
        };
        // From within: a loop would ask at each step which kind of stripes it is.
        self.stripes.all().for_each(|slot| {
            let (all, recent) = slot.successes(period);
            sums.succeeded += all;
            sums.successes += recent;
            sums.ignored += slot.ignored.load(Ordering::Relaxed);
            sums.rejected += slot.rejected.load(Ordering::Relaxed);
            sums.last_success = sums.last_success.max(slot.last_success());
        });
        sums
    }
}
