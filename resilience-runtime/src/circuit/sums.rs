//! Defines the totals of one or several circuits, for metrics.

use crate::base::sums::Sums;
use crate::circuit::core::durations::{BucketSums, ENDED};
use crate::circuit::core::transitions::TransitionCounts;

/// The words that represent the outcomes of calls in metrics, in the order of [`CircuitSums::calls`].
pub(crate) const OUTCOMES: [&str; 5] = ["success", "failure", "ignored", "cancelled", "rejected"];

/// The totals of one or several circuits.
#[derive(Clone, Debug, Default)]
pub(crate) struct CircuitSums {
    /// The number of calls for each of the [`OUTCOMES`].
    pub(crate) calls: [u64; OUTCOMES.len()],
    pub(crate) transitions: TransitionCounts,
    /// The durations of calls, separately for each of the first four [`OUTCOMES`]. The field is `None` if no circuit
    /// has the option `durations`.
    pub(crate) durations: Option<Box<[BucketSums; ENDED]>>,
}

impl CircuitSums {
    /// Calls `change` with each total of `self` and the matching total of `other`.
    fn each(&mut self, other: &Self, change: impl Fn(&mut u64, u64)) {
        let calls = self.calls.iter_mut().zip(&other.calls);
        let transitions = self.transitions.iter_mut().flatten().zip(other.transitions.iter().flatten());
        calls.chain(transitions).for_each(|(total, other)| change(total, *other));
        let Some(durations) = &other.durations else { return };
        for (total, other) in self.durations.get_or_insert_default().iter_mut().zip(&**durations) {
            total.counts.iter_mut().zip(other.counts).for_each(|(total, other)| change(total, other));
            change(&mut total.nanos, other.nanos);
        }
    }
}

impl Sums for CircuitSums {
    fn add(&mut self, other: &Self) {
        self.each(other, |total, other| *total += other);
    }

    fn raise(&mut self, other: &Self) {
        self.each(other, |total, other| *total = other.max(*total));
    }
}
