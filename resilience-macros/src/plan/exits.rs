//! The layer at which a rejected call continues.
//!
//! A rejection jumps to the nearest layer above that catches its cause. Some layers also ask for the cause itself. If
//! the stack has such a layer, a local variable of the expansion contains the cause.

use super::plan::Plan;
use crate::facts::{Asks, Cause, Time};

impl Plan {
    /// Returns the layer that catches a rejection by the layer at `index` for this cause.
    pub(crate) fn catcher(&self, index: usize, cause: Cause) -> Option<usize> {
        self.above(index).iter().rposition(|above| above.catches.contains(&cause))
    }

    /// Returns the retries that a rejection by the layer at `index` ends, innermost first. The rejection continues at
    /// `catcher`.
    pub(crate) fn ended_retries(&self, index: usize, catcher: Option<usize>) -> impl Iterator<Item = usize> {
        let first = catcher.map_or(0, |catcher| catcher + 1);
        (first..index).rev().filter(|above| self.facts(*above).asks == Asks::ByCircuit)
    }

    /// Returns whether the layer at `index` catches a rejection by a layer below.
    pub(crate) fn is_left(&self, index: usize) -> bool {
        self.causes(index).any(|cause| self.facts(index).catches.contains(&cause))
    }

    /// Returns whether a layer asks for the cause of a rejection.
    pub(crate) fn is_asked(&self) -> bool {
        (0..self.len()).any(|index| match self.facts(index).asks {
            Asks::Nothing => false,
            Asks::Rejected => true,
            Asks::ByCircuit => self.asks_for_circuits(index) || self.has_circuit_per_attempt(index),
            Asks::ByCaller => self.asks_for_callers(index),
        })
    }

    /// Returns whether the retry at `index` must ask for rejections by a circuit, because a layer between them catches
    /// these rejections.
    pub(crate) fn asks_for_circuits(&self, index: usize) -> bool {
        let lowest = self.rejecting(index, Cause::Circuit).last();
        lowest.is_some_and(|lowest| {
            (index + 1..lowest).any(|between| self.facts(between).catches.contains(&Cause::Circuit))
        })
    }

    /// Returns whether a layer may reject a call below `index`, or whether the caller's deadline may end it.
    pub(crate) fn asks_for_callers(&self, index: usize) -> bool {
        let times_out = self.below(index).iter().any(|below| matches!(below.time, Time::AtMost(_)));
        times_out || self.causes(index).next().is_some()
    }

    /// Returns the causes of the rejections below `index`.
    fn causes(&self, index: usize) -> impl Iterator<Item = Cause> {
        self.below(index).iter().filter_map(|below| below.rejects)
    }
}
