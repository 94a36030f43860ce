//! The number of calls in a window, and the limit that opens the circuit.

use crate::circuit::settings::Limit;

/// The number of calls in a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) total: u64,
    pub(crate) failures: u64,
    pub(crate) slow: u64,
}

impl Counts {
    /// Returns the reason to open the circuit, if these calls reach the limit. A slow success counts for `slow_rate`
    /// only.
    pub(crate) fn reached(&self, limit: &Limit, failed: bool) -> Option<&'static str> {
        match *limit {
            Limit::Failures(threshold) => (failed && self.failures >= u64::from(threshold)).then_some("threshold"),
            Limit::Rates { min_calls, .. } if self.total < u64::from(min_calls) => None,
            Limit::Rates { failure_rate, slow_rate, .. } => {
                let over = |part: u64, rate: Option<f64>| rate.is_some_and(|rate| self.share(part) >= rate);
                if failed && over(self.failures, failure_rate) {
                    Some("failure_rate")
                } else if over(self.slow, slow_rate) {
                    Some("slow_rate")
                } else {
                    None
                }
            }
        }
    }

    /// Divides, because a quotient rounds as the literal does: 3 / 30 equals 0.1. The product 0.1 * 30 rounds differently.
    #[expect(clippy::cast_precision_loss, reason = "exact below 2^53 calls")]
    fn share(&self, part: u64) -> f64 {
        part as f64 / self.total as f64
    }
}
