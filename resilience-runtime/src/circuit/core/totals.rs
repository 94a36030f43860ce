//! Adds up the counts of outcomes since the breaker was created, and finds the time of the last success.
//!
//! The counters are in three places. The type [`Tally`] counts the outcomes that are recorded under the lock of the
//! breaker. The field `cancelled` of [`Totals`] counts the cancelled calls. The [`Slot`] of a thread counts all other
//! outcomes. Each access to a slot uses `Ordering::Relaxed`, because the counters publish no other data.

use crate::base::clock::Stamp;
use crate::base::sync::{AtomicU64, Ordering};
use crate::circuit::core::stripes::{Slot, Stripes};
use crate::circuit::core::tally::Tally;

/// The counters that threads change without the lock of the breaker.
#[derive(Debug)]
pub(crate) struct Totals {
    stripes: Stripes,
    cancelled: AtomicU64,
}

/// The totals of a breaker for its statistics. Some calls are counted in [`Totals`] and others in [`Tally`], so each
/// field is a sum of both counts.
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

    #[inline]
    pub(crate) fn of_thread(&self) -> &Slot {
        self.stripes.of_thread()
    }

    #[inline]
    pub(crate) fn assigned(&self) -> Option<&Slot> {
        self.stripes.assigned()
    }

    /// Prepares the slot of this thread to count successes of the period with the number `period`. A period begins when
    /// the circuit closes or is reset. Stores `now` in the slot as the time of the last success.
    ///
    /// If the slot's count of successes is full, or belongs to another period, the count moves to `tally`. The caller
    /// must hold the lock of the breaker.
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

    /// Adds up the counters in `tally`, in the slots of all threads and in `cancelled`. `period` is the number of the
    /// current period, which began when the circuit last closed or was reset. [`Sums::successes`] includes only the
    /// successes of this period. The caller must hold the lock of the breaker.
    pub(crate) fn sums(&self, period: u32, tally: &Tally) -> Sums {
        let mut sums = Sums {
            successes: tally.recent,
            succeeded: tally.recent + tally.settled,
            ignored: 0,
            cancelled: self.cancelled.load(Ordering::Relaxed),
            rejected: 0,
            last_success: Stamp::default(),
        };
        // Uses `for_each`, because a `for` loop over chained iterators would check in each iteration whether the first
        // iterator has ended.
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
