//! Implements counters that threads change without a lock. The counters are spread over memory, so that two threads
//! rarely write to the same cache line.
//!
//! A slot contains the counters of one breaker for one thread (or for a few threads that share the slot). A stripe
//! contains one slot for each of eight breakers. A block contains the stripes of all threads for these eight breakers.
//! Each thread always uses the same stripe of a block. Two threads that call through one breaker therefore usually
//! write to different cache lines. The design follows `LongAdder` (Doug Lea, JSR 166). Unlike `LongAdder`, this design
//! has a fixed number of stripes, so that a call never allocates.

use std::cell::Cell;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread::available_parallelism;

use crate::base::clock::Stamp;
use crate::base::packed::join;
use crate::base::sync::{Arc, AtomicU64, OnceLock, Ordering};

/// The counters of one breaker for one thread, or for a few threads that share this slot.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// The upper 32 bits are the number of a period, and the lower 32 bits count the successes in this period. A period
    /// begins when the circuit closes or is reset. The number of a period is the number of state changes up to the
    /// beginning of the period.
    succeeded: AtomicU64,
    last_success: AtomicU64,
    pub(crate) rejected: AtomicU64,
    pub(crate) ignored: AtomicU64,
}

const COUNT: u64 = u32::MAX as u64;

impl Slot {
    /// Stores `now` as the time of the last success, if the stored time differs from `now`. An unnecessary store would
    /// delay the atomic exchange that follows in [`Slot::succeed`].
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

    /// Counts a call that succeeded at `now`, in the period with the number `period`. A period begins when the circuit
    /// closes or is reset. Returns false, and counts nothing, if the stored count of successes is full, belongs to
    /// another period, or was just changed by another thread. The caller must then take the lock of the breaker, record
    /// the success, and call [`Slot::begin_period`].
    ///
    /// One compare-and-exchange both checks the period and counts the success. If a new period begins during this
    /// function, the success is therefore never counted in the new period.
    #[inline]
    pub(crate) fn succeed(&self, period: u32, now: Stamp) -> bool {
        self.stamp(now);
        let seen = self.succeeded.load(Ordering::Relaxed);
        let count = seen ^ tag(period);
        count < COUNT && self.succeeded.compare_exchange(seen, seen + 1, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    /// Prepares these counters for the successes in the period with the number `period`. A period begins when the
    /// circuit closes or is reset. If the count of successes is full, or belongs to another period, this function sets
    /// the count to zero. Returns the number of removed successes, and whether the count already belonged to `period`.
    /// The caller must hold the lock of the breaker.
    pub(crate) fn begin_period(&self, period: u32) -> (u64, bool) {
        let seen = self.succeeded.load(Ordering::Relaxed);
        let count = seen ^ tag(period);
        if count < COUNT {
            return (0, true);
        }
        // Uses a swap, because a store would lose the successes that other threads count after the load.
        let old = self.succeeded.swap(tag(period), Ordering::Relaxed);
        (old & COUNT, count == COUNT)
    }

    /// Returns two numbers. The first number is the stored count of successes. The second number is the same count, or
    /// zero if the count belongs to another period than `period`.
    pub(crate) fn successes(&self, period: u32) -> (u64, u64) {
        let seen = self.succeeded.load(Ordering::Relaxed);
        let count = seen & COUNT;
        (count, if seen - count == tag(period) { count } else { 0 })
    }
}

/// Returns the value of [`Slot::succeeded`] for zero successes in the period with the number `period`.
///
/// The XOR of the returned value and [`Slot::succeeded`] is the count of successes, if the slot belongs to this period.
/// If the slot belongs to another period, the XOR is greater than [`COUNT`].
fn tag(period: u32) -> u64 {
    join(period, 0)
}

/// The number of breakers that share a block of memory. A block contains the counters of these breakers for all
/// threads. If only four breakers shared a block, a program with 100,000 breakers would need 1.6 MB more memory. The
/// allocator of glibc would also leave twice as many gaps between aligned blocks.
const SLOTS: usize = 8;

/// A stripe: the counters that one thread, or a few threads, use for eight breakers. The counters of each breaker are
/// in a slot of their own. Stripes are aligned to 128 bytes, because processors fetch cache lines of 64 bytes in pairs.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct Line([Slot; SLOTS]);

/// All counters of one breaker, in one or several slots. Each thread always uses the counters in the same slot.
pub(crate) enum Stripes {
    /// The breaker has one slot (a set of counters) in each element of `lines`, at the index `column`. Up to eight
    /// breakers share `lines`.
    Many { lines: Arc<[Line]>, column: usize },
    /// All threads share one slot (a set of counters). A function with the option `key` may have many circuits, so the
    /// breakers of these circuits use this variant to save memory.
    Single(Slot),
}

impl Stripes {
    /// Creates the counters of a breaker. Each slot contains the counters for one thread, or for a few threads. The
    /// number of slots is twice the number of processors, rounded up to a power of two, but at most 16.
    pub(crate) fn new() -> Self {
        /// The newest block, which contains the counters of up to eight breakers, and the number of breakers that
        /// already use this block.
        static NEWEST: Mutex<Option<(Arc<[Line]>, usize)>> = Mutex::new(None);
        let mut newest = NEWEST.lock().unwrap_or_else(PoisonError::into_inner);
        let (lines, column) = match newest.take() {
            // The test tool loom repeats each test, and a run must not find the counters of the previous run. In a test
            // with loom, each breaker therefore creates new counters.
            Some((lines, used)) if used < SLOTS && !cfg!(resilience_loom) => (lines, used),
            _ => (lines(), 0),
        };
        *newest = Some((lines.clone(), column + 1));
        Self::Many { lines, column }
    }

    pub(crate) fn single() -> Self {
        Self::Single(Slot::default())
    }

    /// Returns the slot (the counters) of this thread. The number of the thread selects the slot. If the thread has no
    /// number yet, this function first assigns one.
    #[inline]
    pub(crate) fn of_thread(&self) -> &Slot {
        loop {
            match self.assigned() {
                Some(slot) => return slot,
                None => number(),
            }
        }
    }

    /// Returns the slot (the counters) of this thread, or `None` if the thread has no number yet. The number of the
    /// thread selects the slot. The index into `lines` is always less than the length of `lines`, so `lines.get` never
    /// returns `None`.
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
    /// The number of stripes that the function `lines` creates. Each thread uses the counters in one stripe. The number
    /// of stripes is computed once, because `available_parallelism` may read files.
    static STRIPES: OnceLock<usize> = OnceLock::new();
    let stripes = || (2 * available_parallelism().map_or(1, usize::from)).next_power_of_two().min(16);
    let stripes = *STRIPES.get_or_init(stripes);
    (0..if cfg!(resilience_loom) { 1 } else { stripes }).map(|_| Line::default()).collect()
}

thread_local! {
    static NUMBER: Cell<usize> = const { Cell::new(0) };
}

/// Returns the number of this thread, or zero if the thread has no number yet.
#[inline]
fn thread() -> usize {
    // In a test with the tool loom, all threads have the number 1. A number from a counter would be different in each
    // run of the test, but loom needs equal runs.
    if cfg!(resilience_loom) { 1 } else { NUMBER.get() }
}

/// Gives this thread a number, which selects the counters that the thread uses.
#[cold]
fn number() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static THREADS: AtomicUsize = AtomicUsize::new(1);
    // `max(1)` replaces zero after an overflow of the counter, because the number zero means that a thread has no
    // number yet.
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
