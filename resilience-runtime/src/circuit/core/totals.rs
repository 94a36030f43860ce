//! Adds up the outcomes since the breaker was created, and finds the time of the last success.
//!
//! [`Tally`] counts outcomes that are recorded under the lock. The slots of the threads count all other outcomes,
//! except cancelled calls, which a single atomic counts. Each access to a slot is relaxed, because the counters publish
//! no other data.

use crate::base::clock::Stamp;
use crate::base::sync::{AtomicU64, Ordering};
use crate::circuit::core::stripes::{Slot, Stripes};
use crate::circuit::core::tally::Tally;

/// The counters of a breaker that change without the lock.
#[derive(Debug)]
pub(crate) struct Totals {
    stripes: Stripes,
    cancelled: AtomicU64,
}

/// The sums of the counters in [`Totals`] and [`Tally`].
pub(crate) struct Sums {
    /// The number of successes since the circuit last closed or was reset.
    pub(crate) successes: u64,
    /// The number of successes since the breaker was created.
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

    /// Returns the slot of this thread.
    #[inline]
    pub(crate) fn of_thread(&self) -> &Slot {
        self.stripes.of_thread()
    }

    /// Returns the slot of this thread, or `None` if the thread has no number yet.
    #[inline]
    pub(crate) fn assigned(&self) -> Option<&Slot> {
        self.stripes.assigned()
    }

    /// Prepares the slot of this thread to count successes of the period `period`, and stores `now` as the time of its
    /// last success. Successes of another period, or of a full slot, move to `tally`. The caller holds the lock.
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

    /// Returns the sums of the counters of the tally and of all slots. The caller holds the lock.
    pub(crate) fn sums(&self, period: u32, tally: &Tally) -> Sums {
        let mut sums = Sums {
            successes: tally.recent,
            succeeded: tally.recent + tally.settled,
            ignored: 0,
            cancelled: self.cancelled.load(Ordering::Relaxed),
            rejected: 0,
            last_success: Stamp::default(),
        };
        // Uses `for_each`, which checks the variant of `Stripes` once. A `for` loop would check the variant at each
        // step.
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
