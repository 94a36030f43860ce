//! Implements [`Percentile`], which measures the durations of the first attempts of recent calls.

use std::time::Duration;

use crate::base::clock::nanos;
use crate::base::sync::statics::{AtomicU64, Ordering};
use crate::hedge::histogram::{Histogram, Limits};

/// A percentile of the times of recent calls. The time of a call is the duration of its first attempt.
///
/// Two histograms contain the times of the last 1,000 to 2,000 calls. After every 1,000 calls, the older histogram is
/// cleared, and receives the times of the next 1,000 calls. Because no thread takes a lock, a delayed thread may count
/// a time in the histogram of later calls. A time is lost if another thread clears the histogram at the same moment.
#[derive(Debug)]
pub(super) struct Percentile {
    /// The percentile as a share, such as 0.95.
    share: f64,
    limits: Limits,
    histograms: [Histogram; 2],
    /// The number of measured calls.
    measured: AtomicU64,
    /// The current value of the percentile in nanoseconds. Every 20th call updates this value.
    after: AtomicU64,
}

/// The number of calls in a histogram.
const GENERATION: u64 = 1_000;
/// The number of calls that the hedge measures before it uses the percentile. Until then, the hedge uses `max_after`.
const ENOUGH: u64 = 100;
/// The number of calls between two computations of the percentile. Each computation reads all counters.
const INTERVAL: u64 = 20;

impl Percentile {
    /// Creates the measurement of a percentile, such as 95.0, without any measured calls.
    pub(super) fn new(percentile: f64, min: Duration, max: Duration) -> Self {
        let limits = Limits::new(min, max);
        Self {
            share: percentile / 100.0,
            limits,
            histograms: [Histogram::new(limits), Histogram::new(limits)],
            measured: AtomicU64::new(0),
            after: AtomicU64::new(limits.max),
        }
    }

    /// Returns the measured percentile, but at least `min_after` and at most `max_after`. Returns `max_after` if fewer
    /// than 100 calls were measured.
    #[inline]
    pub(super) fn after(&self) -> Duration {
        Duration::from_nanos(self.after.load(Ordering::Relaxed))
    }

    pub(super) fn add(&self, time: Duration) {
        let call = self.measured.fetch_add(1, Ordering::Relaxed);
        let histogram = &self.histograms[usize::from((call / GENERATION) % 2 == 1)];
        if call % GENERATION == 0 {
            histogram.clear();
        }
        histogram.add(self.limits, nanos(time));
        let measured = call + 1;
        if measured >= ENOUGH && measured % INTERVAL == 0 {
            if let Some(after) = Histogram::quantile(&self.histograms, self.limits, self.share) {
                self.after.store(after, Ordering::Relaxed);
            }
        }
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    #![expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "few times, which are not negative"
    )]

    use super::*;
    use crate::base::random;

    const SECOND: f64 = 1e9;

    /// A function that draws a random time in nanoseconds. Its parameter returns a random number from 0 to 1.
    type Draw = fn(&mut dyn FnMut() -> f64) -> f64;

    const DISTRIBUTIONS: [(&str, Draw); 8] = [
        ("constant", |_| 0.0123 * SECOND),
        ("uniform", |unit| unit() * SECOND),
        ("uniform, narrow", |unit| (1.0 + 0.01 * unit()) * SECOND),
        ("exponential", |unit| -0.05 * SECOND * (1.0 - unit()).ln()),
        ("log-normal", |unit| 1e6 * ((0..12).map(|_| unit()).sum::<f64>() - 6.0).exp()),
        ("Pareto", |unit| 1e6 * (1.0 - unit()).powf(-1.5)),
        ("two modes", |unit| if unit() < 0.94 { 2e6 * (1.0 + unit()) } else { 3.0 * SECOND * (1.0 + unit()) }),
        ("nanoseconds", |unit| 200.0 * unit()),
    ];

    fn exact(times: &[u64], percentile: f64) -> u64 {
        let mut times = times.to_vec();
        times.sort_unstable();
        let rank = (percentile * times.len() as f64 / 100.0 - 1e-6).ceil().max(1.0);
        times[rank as usize - 1]
    }

    /// Asserts that an estimated percentile exceeds the exact percentile by at most a sixteenth, as the page of
    /// `#[hedge]` states.
    fn assert_close(estimate: Duration, exact: u64, case: &str) {
        let estimate = nanos(estimate);
        assert!(estimate >= exact && estimate - exact <= exact / 16, "{case}: {estimate} for {exact}");
    }

    #[test]
    fn estimate_exceeds_percentile_by_at_most_a_sixteenth() {
        let mut draws = 0;
        let mut unit = || {
            draws += 1;
            random::unit(random::nth(7, draws))
        };
        for (name, time) in DISTRIBUTIONS {
            let times: Vec<_> = (0..2_000).map(|_| time(&mut unit) as u64).collect();
            for percentile in [50.0, 75.0, 90.0, 95.0, 99.0, 99.9] {
                let measured = Percentile::new(percentile, Duration::from_nanos(1), Duration::MAX);
                for (index, time) in times.iter().enumerate() {
                    measured.add(Duration::from_nanos(*time));
                    let calls = index + 1;
                    if calls >= 100 && calls % 20 == 0 {
                        let exact = exact(&times[..calls], percentile).max(1);
                        assert_close(measured.after(), exact, &format!("{name}, p{percentile}, {calls} calls"));
                    }
                }
            }
        }
    }

    #[test]
    fn every_time_is_within_limits_and_error() {
        let ends = (0..64).flat_map(|shift| [1 << shift, (1_u64 << shift) - 1, 3_u64 << shift >> 1]);
        for time in ends.chain([u64::MAX]).filter(|time| *time > 0) {
            let measured = Percentile::new(50.0, Duration::from_nanos(1), Duration::MAX);
            (0..100).for_each(|_| measured.add(Duration::from_nanos(time)));
            assert_close(measured.after(), time, "one time");
            let (min, max) = (Duration::from_millis(5), Duration::from_secs(1));
            let measured = Percentile::new(50.0, min, max);
            (0..100).for_each(|_| measured.add(Duration::from_nanos(time)));
            assert_close(measured.after(), time.clamp(nanos(min), nanos(max)), "one time within limits");
            assert!(measured.after() <= max);
        }
    }

    #[test]
    fn times_leave_after_two_generations() {
        let measured = Percentile::new(50.0, Duration::from_nanos(1), Duration::MAX);
        let add = |calls, millis| (0..calls).for_each(|_| measured.add(Duration::from_millis(millis)));
        add(2_000, 1_000);
        add(980, 1);
        assert!(measured.after() >= Duration::from_secs(1), "1,000 long times and 980 short times");
        add(40, 1);
        assert!(measured.after() < Duration::from_millis(2), "20 short times after 1,000 short times");
    }

    #[test]
    fn times_of_several_threads_count() {
        let measured = Percentile::new(50.0, Duration::from_nanos(1), Duration::MAX);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..10_000).for_each(|_| measured.add(Duration::from_millis(1))));
            }
        });
        assert_eq!(measured.measured.load(Ordering::Relaxed), 40_000);
        assert_close(measured.after(), 1_000_000, "four threads");
    }
}
