//! Defines [`Counts`], the numbers of calls in a window of recent calls. Also compares these numbers with the limit at
//! which the circuit opens.

use crate::circuit::core::transitions::Cause;
use crate::circuit::settings::Limit;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) total: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
}

impl Counts {
    /// Returns the cause for which the circuit must open, or `None` if the counts are below the limit. `failed` states
    /// whether the last call failed. If the last call succeeded, only `slow_rate` can open the circuit.
    pub(crate) fn reached(&self, limit: &Limit, failed: bool) -> Option<Cause> {
        match *limit {
            Limit::Failures(threshold) => (failed && self.failures >= u64::from(threshold)).then_some(Cause::Threshold),
            Limit::Rates { min_calls, .. } if self.total < u64::from(min_calls) => None,
            Limit::Rates { failure_rate, slow_rate, .. } => {
                let over = |part: u64, rate: Option<f64>| rate.is_some_and(|rate| self.share(part) >= rate);
                if failed && over(self.failures, failure_rate) {
                    Some(Cause::FailureRate)
                } else if over(self.slow, slow_rate) {
                    Some(Cause::SlowRate)
                } else {
                    None
                }
            }
        }
    }

    /// Returns the share of `part` in all calls, to be compared with a rate. A comparison of `part` with `rate * total`
    /// would be wrong, because the product is rounded. For example, 7 / 100 equals 0.07, but 0.07 * 100 is greater than
    /// 7.
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53 calls")]
    fn share(&self, part: u64) -> f64 {
        part as f64 / self.total as f64
    }
}
