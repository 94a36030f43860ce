//! Implements the window of a rule with the option `window`: the calls of a length of time before now.

use std::time::Duration;

use crate::base::clock::{SKEW, Tick, nanos};
use crate::circuit::core::counts::Counts;

const BUCKETS: usize = 10;

/// A window of time in ten buckets of equal length. The current bucket is still filling, so the window covers between
/// 90 % and 100 % of its length.
///
/// The design follows the sliding windows of Netflix's Servo and Hystrix. A bucket here does not count its successes.
/// It stores the number of successes before it began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buckets {
    /// The tick at which bucket 0 began.
    begun: Tick,
    /// The length of one bucket in nanoseconds.
    nanos: u64,
    /// The number of the current bucket, counted from 0 at `begun`.
    index: u64,
    ring: [Bucket; BUCKETS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Bucket {
    /// The number of successes of the circuit before this bucket began.
    before: u64,
    failures: u64,
    slow: u64,
}

impl Buckets {
    pub(crate) fn new(length: Duration, begun: Tick, successes: u64) -> Self {
        let bucket = Bucket { before: successes, ..Bucket::default() };
        Self { begun, nanos: nanos(length).div_ceil(BUCKETS as u64).max(1), index: 0, ring: [bucket; BUCKETS] }
    }

    /// Returns the total length of this number of buckets.
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
        // Starts the window again if another clock, far ahead of `now`, has updated the window. Otherwise, no call
        // would expire for a long time by the caller's clock.
        let current = self.begun.after(self.time(self.index));
        if current.since(now) > self.time(BUCKETS as u64).max(SKEW) {
            self.begin(now, successes);
        }
        // The time `now` may be slightly earlier than the time of the previous update. An earlier bucket must not
        // become current again.
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
        // The oldest bucket has the place in the ring that the next bucket will take.
        let oldest = &self.ring[Self::place(self.index + 1)];
        Counts { total: failures + successes.saturating_sub(oldest.before), failures, slow }
    }

    pub(crate) fn end(&self) -> Tick {
        self.begun.after(self.time(self.index + 1))
    }
}
