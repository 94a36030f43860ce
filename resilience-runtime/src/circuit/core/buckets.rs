//! Implements the window of a circuit with the option `window`, a length of time. The window contains the calls that
//! ended less than this time ago.

use std::time::Duration;

use crate::base::clock::{SKEW, Tick, nanos};
use crate::circuit::core::counts::Counts;

const BUCKETS: usize = 10;

/// A window of time, divided into ten buckets of equal length. The newest bucket is not complete, so the ten buckets
/// cover between 90 % and 100 % of the window's length.
///
/// The design follows the sliding windows of Netflix's Servo and Hystrix. A bucket counts failures and slow calls, but
/// it does not count successes. Instead, a bucket stores the number of successes before the beginning of the bucket.
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
    /// The number of successes from the last closing or reset of the circuit to the beginning of this bucket.
    before: u64,
    failures: u64,
    slow: u64,
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
        // clears the window. The cleared window still contains the successes since the beginning of the newest bucket,
        // because these calls may have ended on the new clock.
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
            bucket.before += 1;
        }
    }

    pub(crate) fn counts(&self, successes: u64) -> Counts {
        let failures = self.ring.iter().map(|bucket| bucket.failures).sum();
        let slow = self.ring.iter().map(|bucket| bucket.slow).sum();
        // In the ring, the oldest bucket follows the current bucket.
        let oldest = &self.ring[Self::place(self.index + 1)];
        Counts { total: failures + successes.saturating_sub(oldest.before), failures, slow }
    }

    pub(crate) fn end(&self) -> Tick {
        self.begun.after(self.time(self.index + 1))
    }
}
