//! Implements the window of recent calls for the option `window`. The value of this option is a time. The window
//! contains the calls that ended within this time.

use std::time::Duration;

use crate::base::clock::{SKEW, Tick, nanos};
use crate::circuit::core::counts::Counts;

const BUCKETS: usize = 10;

/// A window of time, divided into ten buckets of equal length. The newest bucket is not complete, so the ten buckets
/// cover between 90 % and 100 % of the window's length.
///
/// The design follows the sliding windows of Netflix's Servo and Hystrix. A bucket counts failures and slow calls, but
/// not successes. Instead, a bucket stores the number of successes before the beginning of the bucket.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets {
    /// The time at which the bucket with the number 0 began.
    begun: Tick,
    /// The length of one bucket in nanoseconds.
    nanos: u64,
    /// The number of the current bucket.
    index: u64,
    ring: [Bucket; BUCKETS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// The number of successes from the last closing or reset of the circuit to the beginning of this bucket. A
    /// restored window also contains successes from before the restart, which make this number negative. A negative
    /// number wraps around.
    before: u64,
    failures: u64,
    slow: u64,
}

/// The data that a snapshot keeps of a window of time.
#[cfg(feature = "serde")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeptBuckets {
    /// The length of one bucket.
    pub(crate) bucket: Duration,
    /// The time since the beginning of the newest bucket.
    pub(crate) elapsed: Duration,
    /// The numbers of successes, failures and slow calls in each bucket, from the newest bucket to the oldest bucket
    /// that contains a call.
    pub(crate) counts: Vec<[u64; 3]>,
}

#[cfg(feature = "serde")]
impl KeptBuckets {
    /// The largest number of buckets that a snapshot may contain for one window.
    pub(crate) const MOST: usize = BUCKETS;
    /// The largest number of successes, failures or slow calls that a snapshot may contain for one bucket. Ten times
    /// this number fits into a `u64`.
    pub(crate) const MOST_CALLS: u64 = u64::MAX >> 8;

    pub(crate) fn after(self, passed: Duration) -> Self {
        Self { elapsed: self.elapsed.saturating_add(passed), ..self }
    }
}

/// Returns `successes - before`, or zero if `before` is greater. A negative `before` wraps around.
fn since(successes: u64, before: u64) -> u64 {
    let difference = successes.wrapping_sub(before);
    if difference > u64::MAX / 2 { 0 } else { difference }
}

impl Buckets {
    pub(crate) fn new(length: Duration, begun: Tick, successes: u64) -> Self {
        let bucket = Bucket { before: successes, ..Bucket::default() };
        Self { begun, nanos: nanos(length).div_ceil(BUCKETS as u64).max(1), index: 0, ring: [bucket; BUCKETS] }
    }

    fn time(&self, buckets: u64) -> Duration {
        Duration::from_nanos(self.nanos.saturating_mul(buckets))
    }

    pub(crate) fn restart(&mut self, now: Tick) {
        self.begin(now, 0);
    }

    fn begin(&mut self, now: Tick, successes: u64) {
        let bucket = Bucket { before: successes, ..Bucket::default() };
        *self = Self { begun: now, nanos: self.nanos, index: 0, ring: [bucket; BUCKETS] };
    }

    #[expect(clippy::cast_possible_truncation, reason = "below the number of buckets")]
    const fn place(index: u64) -> usize {
        (index % BUCKETS as u64) as usize
    }

    pub(crate) fn update(&mut self, now: Tick, successes: u64) {
        // If the newest bucket begins far later than `now`, the last update used another clock, such as the paused
        // clock of a test's runtime. The calls in the window would then not expire for a long time, so the next `if`
        // removes them. The window keeps the successes since the beginning of the newest bucket, because these calls
        // may have used the same clock as `now`.
        let current = self.begun.after(self.time(self.index));
        if current.since(now) > self.time(BUCKETS as u64).max(SKEW) {
            self.begin(now, self.ring[Self::place(self.index)].before);
        }
        // If `now` is slightly earlier than the previous update, `max` keeps the current bucket.
        let index = (nanos(now.since(self.begun)) / self.nanos).max(self.index);
        let passed = (index - self.index).min(BUCKETS as u64);
        for fresh in index - passed..index {
            self.ring[Self::place(fresh + 1)] = Bucket { before: successes, ..Bucket::default() };
        }
        self.index = index;
    }

    pub(crate) fn add(&mut self, failed: bool, slow: bool) {
        let bucket = &mut self.ring[Self::place(self.index)];
        bucket.failures += u64::from(failed);
        bucket.slow += u64::from(slow);
    }

    pub(crate) fn leave_out_success(&mut self) {
        for bucket in &mut self.ring {
            bucket.before = bucket.before.wrapping_add(1);
        }
    }

    pub(crate) fn counts(&self, successes: u64) -> Counts {
        let failures = self.ring.iter().map(|bucket| bucket.failures).sum();
        let slow = self.ring.iter().map(|bucket| bucket.slow).sum();
        // In the ring, the oldest bucket follows the current bucket.
        let oldest = &self.ring[Self::place(self.index + 1)];
        Counts { total: failures + since(successes, oldest.before), failures, slow }
    }

    /// Returns the numbers of calls in each bucket at `now`, for a snapshot.
    #[cfg(feature = "serde")]
    pub(crate) fn keep(mut self, now: Tick, successes: u64) -> KeptBuckets {
        self.update(now, successes);
        let begun = self.nanos.saturating_mul(self.index);
        let elapsed = nanos(now.since(self.begun)).saturating_sub(begun);
        let mut counts = Vec::with_capacity(BUCKETS);
        let mut until = successes;
        for place in (1..=BUCKETS as u64).map(|back| Self::place(self.index + back)).rev() {
            let Bucket { before, failures, slow } = self.ring[place];
            counts.push([since(until, before), failures, slow]);
            until = before;
        }
        let used = counts.iter().rposition(|counts| *counts != [0; 3]).map_or(0, |last| last + 1);
        counts.truncate(used);
        KeptBuckets { bucket: Duration::from_nanos(self.nanos), elapsed: Duration::from_nanos(elapsed), counts }
    }

    /// Adds the calls in `kept`, which come from a snapshot, to this window. The window must be empty. The calls of a
    /// bucket in `kept` go into one bucket of this window: the bucket that was current when the bucket in `kept` began.
    /// Drops calls that are too old for this window.
    #[cfg(feature = "serde")]
    pub(crate) fn restore(&mut self, kept: &KeptBuckets, now: Tick) {
        let (bucket, elapsed) = (nanos(kept.bucket), nanos(kept.elapsed));
        let current = elapsed % self.nanos;
        self.index = BUCKETS as u64 - 1;
        self.begun = now.before(Duration::from_nanos(current).saturating_add(self.time(self.index)));
        let mut ring = [[0; 3]; BUCKETS];
        for (back, counts) in (0..).zip(&kept.counts) {
            let age = bucket.saturating_mul(back).saturating_add(elapsed) - current;
            let place = usize::try_from(age.div_ceil(self.nanos)).ok().and_then(|back| ring.get_mut(back));
            for (sum, count) in place.into_iter().flatten().zip(counts) {
                *sum += count;
            }
        }
        let mut before = 0_u64;
        for (back, [successes, failures, slow]) in (0..).zip(ring) {
            before = before.wrapping_sub(successes);
            self.ring[Self::place(self.index - back)] = Bucket { before, failures, slow };
        }
    }

    pub(crate) fn end(&self) -> Tick {
        self.begun.after(self.time(self.index + 1))
    }
}
