//! Finds the attribute that handles a rejected call.
//!
//! A circuit, a bulkhead or a rate limit rejects a call with an error. The cause of the rejection is the kind of
//! attribute that rejected the call. Each attribute handles rejections of certain causes only. The error bypasses the
//! attributes above until the error reaches an attribute that handles the cause. If an attribute needs the cause at run
//! time, the expansion stores the cause in a local variable.

use super::plan::Plan;
use crate::facts::{Asks, Cause, Time};

impl Plan {
    /// Returns the index of the attribute that handles a rejection. `index` is the index of the attribute that rejects
    /// the call, and `cause` is the kind of the rejection. Returns `None` if no attribute handles the rejection. The
    /// decorated function then returns the error.
    pub(crate) fn catcher(&self, index: usize, cause: Cause) -> Option<usize> {
        self.above(index).iter().rposition(|above| above.catches.contains(&cause))
    }

    /// Returns the indices of the retries that end when the attribute at `index` rejects a call. The innermost retry
    /// comes first. `catcher` is the index of the attribute that handles the rejection.
    pub(crate) fn ended_retries(&self, index: usize, catcher: Option<usize>) -> impl Iterator<Item = usize> {
        let first = catcher.map_or(0, |catcher| catcher + 1);
        (first..index).rev().filter(|above| self.facts(*above).asks == Asks::ByCircuit)
    }

    /// Returns whether the attribute at `index` handles rejections by an attribute below.
    pub(crate) fn is_left(&self, index: usize) -> bool {
        self.causes(index).any(|cause| self.facts(index).catches.contains(&cause))
    }

    /// Returns whether an attribute of the function needs the cause of a rejection at run time.
    pub(crate) fn is_asked(&self) -> bool {
        (0..self.len()).any(|index| match self.facts(index).asks {
            Asks::Nothing => false,
            Asks::Rejected => true,
            Asks::ByCircuit => self.asks_for_causes(index) || self.has_circuit_per_attempt(index),
            Asks::ByCaller => self.asks_for_callers(index),
        })
    }

    /// Returns whether an attribute needs to know if the error of the body contains a rejection.
    pub(crate) fn looks_for_rejections(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer.asks, Asks::Rejected | Asks::ByCaller))
    }

    /// Returns whether the retry at `index` must know the cause of a rejection at run time. The retry must know the
    /// cause in two cases:
    ///
    /// - An attribute between the retry and a circuit, such as a hedge, handles a rejection by the circuit. The retry
    ///   then receives the rejection like any other outcome.
    /// - A rate limit below has the option `tokens`. If a call takes more tokens than the burst, the rate limit never
    ///   admits this call.
    pub(crate) fn asks_for_causes(&self, index: usize) -> bool {
        let lowest = self.rejecting(index, Cause::Circuit).last();
        let is_caught = lowest.is_some_and(|lowest| {
            (index + 1..lowest).any(|between| self.facts(between).catches.contains(&Cause::Circuit))
        });
        is_caught || self.rejecting(index, Cause::Tokens).next().is_some()
    }

    /// Returns whether an attribute below `index` may reject the call, or may end the call at the caller's deadline.
    /// The caller sets the deadline with the function `deadline`.
    pub(crate) fn asks_for_callers(&self, index: usize) -> bool {
        let times_out = self.below(index).iter().any(|below| matches!(below.time, Time::AtMost(_)));
        times_out || self.causes(index).next().is_some()
    }

    fn causes(&self, index: usize) -> impl Iterator<Item = Cause> {
        self.below(index).iter().filter_map(|below| below.rejects)
    }
}
