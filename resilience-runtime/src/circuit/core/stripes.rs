//! Counters that threads change without a lock, each thread in a cache line of its own.
//!
//! A breaker has one slot in each stripe, and a thread always uses the same stripe. Two threads that call through one
//! breaker therefore write to different cache lines. The design follows `LongAdder` (Doug Lea, JSR 166), but has a
//! fixed number of stripes: a call never allocates.

use std::cell::Cell;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

use crate::base::clock::Stamp;
use crate::base::packed::join;
use crate::base::sync::{Arc, AtomicU64, Ordering};

/// The outcomes of the calls that one thread, or a few threads, made through one breaker.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// The upper half is the number of a period, and the lower half the number of its successes. See [`Slot::succeed`].
    succeeded: AtomicU64,
    last_success: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) ignored: AtomicU64,
}

const COUNT: u64 = u32::MAX as u64;

impl Slot {
    /// Stores a stamp only if it has changed, because the following exchange would wait for the store.
    #[inline]
    pub(crate) fn stamp(&self, now: Stamp) {
        if self.last_success() != now {
            self.last_success.store(now.to_bits(), Ordering::Relaxed);
        }
    }

    #[inline]
    pub(crate) fn last_success(&self) -> Stamp {
        Stamp::from_bits(self.last_success.load(Ordering::Relaxed))
    }

    /// Counts and stamps a success of this period. Returns false if the slot is full, or belongs to another period;
    /// [`Slot::begin_period`] is needed then.
    ///
    /// One exchange counts the success and checks the period. A late success is therefore never counted in a period
    /// that has begun in the meantime.
    #[inline]
    pub(crate) fn succeed(&self, period: u32, now: Stamp) -> bool {
        self.stamp(now);
        let seen = self.succeeded.load(Ordering::Relaxed);
        let count = seen ^ tag(period);
        count < COUNT && self.succeeded.compare_exchange(seen, seen + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Prepares the slot for successes of this period. Returns the number of successes counted before, and whether they
    /// belong to this period. The caller holds the lock of the breaker.
    pub(crate) fn begin_period(&self, period: u32) -> (u64, bool) {
        let seen = self.succeeded.load(Ordering::Relaxed);
        let count = seen ^ tag(period);
        if count < COUNT {
            return (0, true);
        }
        // The swap also returns successes that were counted after the load.
        let old = self.succeeded.swap(tag(period), Ordering::Relaxed);
        (old & COUNT, count == COUNT)
    }

    /// Returns the successes counted in this slot, and how many of them belong to this period.
    pub(crate) fn successes(&self, period: u32) -> (u64, u64) {
        let seen = self.succeeded.load(Ordering::Relaxed);
        let count = seen & COUNT;
        (count, if seen - count == tag(period) { count } else { 0 })
    }
}

fn tag(period: u32) -> u64 {
    join(period, 0)
}

const SLOTS: usize = 4;

/// A stripe: two lines of 64 bytes, because processors fetch lines in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Line([Slot; SLOTS]);

/// The slots of one breaker.
pub(crate) enum Stripes {
    /// One slot in each line of a block. The breakers that were created just before and after share the block.
    Many { lines: Arc<[Line]>, column: usize },
    /// One slot for all threads, for a circuit with a key.
    Single(Slot),
}

impl Stripes {
    /// Creates stripes for a breaker: two for each core, at most 16.
    pub(crate) fn new() -> Self {
        /// The newest block, and the number of its columns in use.
        static NEWEST: Mutex<Option<(Arc<[Line]>, usize)>> = Mutex::new(None);
        let mut newest = NEWEST.lock().unwrap_or_else(PoisonError::into_inner);
        let (lines, column) = match newest.take() {
            // A model must not find the counters of its previous run.
            Some((lines, used)) if used < SLOTS && !cfg!(resilience_loom) => (lines, used),
            _ => (lines(), 0),
        };
        *newest = Some((lines.clone(), column + 1));
        Self::Many { lines, column }
    }

    pub(crate) fn single() -> Self {
        Self::Single(Slot::default())
    }

    /// Returns the slot of this thread.
    #[inline]
    pub(crate) fn of_thread(&self) -> &Slot {
        loop {
            match self.assigned() {
                Some(slot) => return slot,
                None => number(),
            }
        }
    }

    /// Returns the slot of this thread, or `None` if the thread has no number. The last `?` avoids a panic that cannot
    /// happen.
    #[inline]
    pub(crate) fn assigned(&self) -> Option<&Slot> {
        match self {
            Self::Many { lines, column } => match thread() {
                0 => None,
                number => Some(&lines.get(number & (lines.len() - 1))?.0[column & (SLOTS - 1)]),
            },
            Self::Single(slot) => Some(slot),
        }
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Slot> {
        let (single, lines, column) = match self {
            Self::Many { lines, column } => (None, &lines[..], *column),
            Self::Single(slot) => (Some(slot), &[][..], 0),
        };
        single.into_iter().chain(lines.iter().map(move |line| &line.0[column]))
    }
}

impl fmt::Debug for Stripes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.all()).finish()
    }
}

fn lines() -> Arc<[Line]> {
    let stripes = (2 * available_parallelism().map_or(1, usize::from)).next_power_of_two().min(16);
    (0..if cfg!(resilience_loom) { 1 } else { stripes }).map(|_| Line::default()).collect()
}

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// Returns the number of this thread, or zero if it has none yet.
#[inline]
fn thread() -> usize {
    // A model must take the same steps in each run.
    if cfg!(resilience_loom) { 1 } else { NUMBER.get() }
}

/// Gives this thread a number. Threads that start one after the other receive neighbouring stripes.
#[cold]
fn number() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static THREADS: AtomicUsize = AtomicUsize::new(1);
    // Zero means that the thread has no number.
    NUMBER.set(THREADS.fetch_add(1, Ordering::Relaxed).max(1));
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    const NOW: Stamp = Stamp::from_bits(1);

    #[test]
    fn a_slot_of_another_period_counts_nothing_until_its_period_begins() {
        let slot = Slot::default();
        assert!(slot.succeed(0, NOW) && slot.succeed(0, NOW));
        assert!(!slot.succeed(1, NOW));
        assert_eq!(slot.successes(1), (2, 0));
        assert_eq!(slot.begin_period(1), (2, false));
        assert!(slot.succeed(1, NOW));
        assert_eq!(slot.successes(1), (1, 1));
        assert_eq!(slot.begin_period(1), (0, true));
    }

    #[test]
    fn a_full_slot_is_emptied() {
        let slot = Slot { succeeded: AtomicU64::new(tag(7) | (COUNT - 1)), ..Slot::default() };
        assert!(slot.succeed(7, NOW));
        assert!(!slot.succeed(7, NOW));
        assert_eq!(slot.begin_period(7), (COUNT, true));
        assert!(slot.succeed(7, NOW));
        assert_eq!(slot.successes(7), (1, 1));
    }

    #[test]
    fn breakers_share_lines_and_no_slot() {
        let stripes: Vec<_> = (0..2 * SLOTS).map(|_| Stripes::new()).collect();
        for (index, one) in stripes.iter().enumerate() {
            one.of_thread().rejected.store(index as u64 + 1, Ordering::Relaxed);
        }
        for (index, one) in stripes.iter().enumerate() {
            assert_eq!(one.all().map(|slot| slot.rejected.load(Ordering::Relaxed)).sum::<u64>(), index as u64 + 1);
        }
    }

    #[test]
    fn twice_as_many_threads_as_processors_count_in_a_line_each() {
        let stripes = Stripes::new();
        let threads = (2 * available_parallelism().map_or(1, usize::from)).min(16);
        let slots = (1..=threads).map(|number| {
            NUMBER.set(number);
            std::ptr::from_ref(stripes.assigned().unwrap())
        });
        assert_eq!(slots.collect::<std::collections::HashSet<_>>().len(), threads);
    }
}
