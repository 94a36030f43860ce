//! Implements [`Histogram`], which counts times in buckets. A bucket for longer times is wider.

use std::time::Duration;

use crate::base::clock::nanos;
use crate::base::sync::statics::{AtomicU32, Ordering};

/// Each range of times from a power of two to the next has 2^4 = 16 buckets. The upper end of a bucket therefore
/// exceeds each time in the bucket by less than a sixteenth.
const PRECISION: u32 = 4;

/// Returns the index of the bucket that contains a time in nanoseconds. Each bucket from 0 to 31 contains one whole
/// number of nanoseconds. Above bucket 31, each range from a power of two to the next is divided into 16 buckets of
/// equal width.
#[expect(clippy::cast_possible_truncation, reason = "a number from 0 to 31")]
const fn index(nanos: u64) -> usize {
    let doublings = (u64::BITS - nanos.leading_zeros()).saturating_sub(PRECISION + 1);
    ((doublings as usize) << PRECISION) + (nanos >> doublings) as usize
}

/// Returns the largest time of the bucket with this index, in nanoseconds.
const fn end(index: usize) -> u64 {
    let doublings = (index >> PRECISION).saturating_sub(1);
    let steps = index - (doublings << PRECISION);
    ((steps as u64) << doublings) | ((1 << doublings) - 1)
}

/// The limits of the times in a [`Histogram`], in nanoseconds. A time outside the limits counts as the nearer limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) min: u64,
    pub(super) max: u64,
}

impl Limits {
    pub(super) fn new(min: Duration, max: Duration) -> Self {
        let min = nanos(min);
        Self { min, max: nanos(max).max(min) }
    }

    /// Returns the number of counters of a histogram with these limits. The first counter counts the times up to `min`.
    /// The last counter also counts the times above `max`.
    const fn counters(self) -> usize {
        index(self.max) - index(self.min) + 2
    }

    fn counter(self, nanos: u64) -> usize {
        if nanos <= self.min { 0 } else { index(nanos.min(self.max)) - index(self.min) + 1 }
    }

    /// Returns the largest time that the counter with the index `counter` counts, but at most `max`.
    fn end(self, counter: usize) -> u64 {
        match counter.checked_sub(1) {
            None => self.min,
            Some(bucket) => end(index(self.min) + bucket).min(self.max),
        }
    }
}

/// Counts measured times in buckets. Each bucket has an atomic counter, so that threads count without a lock.
#[derive(Debug)]
pub(super) struct Histogram(Box<[AtomicU32]>);

impl Histogram {
    pub(super) fn new(limits: Limits) -> Self {
        Self((0..limits.counters()).map(|_| AtomicU32::new(0)).collect())
    }

    pub(super) fn add(&self, limits: Limits, nanos: u64) {
        if let Some(counter) = self.0.get(limits.counter(nanos)) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn clear(&self) {
        self.0.iter().for_each(|counter| counter.store(0, Ordering::Relaxed));
    }

    /// Returns the quantile `share`, such as 0.95, of the times in both histograms. The result is the upper end of the
    /// bucket that contains the quantile. May return `None` if another thread clears a histogram during the
    /// computation.
    pub(super) fn quantile(histograms: &[Self; 2], limits: Limits, share: f64) -> Option<u64> {
        let [first, second] = histograms;
        let count = |counter: &AtomicU32| counter.load(Ordering::Relaxed);
        let counts = first.0.iter().zip(&second.0).map(|(first, second)| count(first) + count(second));
        let total: u32 = counts.clone().sum();
        // Compensates for the rounding of a share, such as 0.999, to a float.
        let rank = share.mul_add(f64::from(total), -1e-6).ceil().max(1.0);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 1 to `total`")]
        let rank = rank as u32;
        let mut sum = 0;
        let counter = counts.into_iter().position(|count| {
            sum += count;
            sum >= rank
        });
        counter.map(|counter| limits.end(counter))
    }
}
