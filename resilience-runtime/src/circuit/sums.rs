//! Defines the totals of one or several circuits.

use crate::base::sums::Sums;
use crate::circuit::core::transitions::TransitionCounts;

/// The words for the outcomes of a call in metrics, in the order of [`CircuitSums::calls`].
pub(crate) const OUTCOMES: [&str; 5] = ["success", "failure", "ignored", "cancelled", "rejected"];

/// The totals of one or several circuits.
#[derive(Clone, Debug, Default)]
pub(crate) struct CircuitSums {
    /// The number of calls for each of the [`OUTCOMES`].
    pub(crate) calls: [u64; OUTCOMES.len()],
    pub(crate) transitions: TransitionCounts,
}

impl CircuitSums {
    /// Calls `change` with each total of `self`, and with the same total of `other`.
    fn each(&mut self, other: &Self, change: impl Fn(&mut u64, u64)) {
        let calls = self.calls.iter_mut().zip(&other.calls);
        let transitions = self.transitions.iter_mut().flatten().zip(other.transitions.iter().flatten());
        calls.chain(transitions).for_each(|(total, other)| change(total, *other));
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
