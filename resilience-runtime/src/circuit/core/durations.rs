//! Counts the durations of calls in buckets, for the option `durations`.

use std::time::Duration;

use crate::base::clock::nanos;
use crate::base::sync::statics::{AtomicU64, Ordering};

/// The upper bounds of the buckets, in seconds. The last bucket has no upper bound.
pub(crate) const BOUNDS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];

/// The bounds in [`BOUNDS`], in units of 0.1 ms. The search for a bucket therefore compares integers.
const STEPS: [u64; BOUNDS.len()] =
    [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 300_000, 600_000];
const NANOS_OF_A_STEP: u64 = 100_000;

const BUCKETS: usize = BOUNDS.len() + 1;

/// The outcome of a call whose duration is counted. The discriminant of each variant is an index into
/// [`OUTCOMES`](crate::circuit::sums::OUTCOMES).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    Success,
    Failure,
    Ignored,
    Cancelled,
}

pub(crate) const ENDED: usize = 4;

/// Counters for the durations of the calls of one circuit, for each outcome. Threads increment the counters without a
/// lock.
#[derive(Debug, Default)]
pub(crate) struct Durations([Buckets; ENDED]);

#[derive(Debug, Default)]
struct Buckets {
    counts: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

/// The counts of call durations for one outcome, summed over one or several circuits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BucketSums {
    pub(crate) counts: [u64; BUCKETS],
    pub(crate) nanos: u64,
}

impl Durations {
    pub(crate) fn add(&self, ended: Ended, duration: Duration) {
        let Buckets { counts, nanos: sum } = &self.0[ended as usize];
        let nanos = nanos(duration);
        let bucket = STEPS.iter().take_while(|step| nanos > **step * NANOS_OF_A_STEP).count();
        counts[bucket].fetch_add(1, Ordering::Relaxed);
        sum.fetch_add(nanos, Ordering::Relaxed);
    }

    pub(crate) fn sums(&self) -> [BucketSums; ENDED] {
        self.0.each_ref().map(|Buckets { counts, nanos }| BucketSums {
            counts: counts.each_ref().map(|count| count.load(Ordering::Relaxed)),
            nanos: nanos.load(Ordering::Relaxed),
        })
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn steps_are_bounds_in_integers() {
        for (step, bound) in STEPS.into_iter().zip(BOUNDS) {
            assert_eq!(Duration::from_nanos(step * NANOS_OF_A_STEP), Duration::from_secs_f64(bound));
        }
    }
}
