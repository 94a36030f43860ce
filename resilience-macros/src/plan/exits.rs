//! Finds the layer at which a rejected call continues.
//!
//! A circuit, a bulkhead or a rate limit rejects a call with an error. The rejection has a cause, and each layer
//! catches only rejections of some causes. The error skips the layers above until it reaches a layer that catches its
//! cause. If a layer of the stack needs to know the cause, the expansion keeps the cause in a local variable.

use super::plan::Plan;
use crate::facts::{Asks, Cause, Time};

impl Plan {
    /// Returns the index of the layer that catches a rejection by the layer at `index` with this `cause`. Returns
    /// `None` if no layer catches the rejection, so that the call returns its error.
    pub(crate) fn catcher(&self, index: usize, cause: Cause) -> Option<usize> {
        self.above(index).iter().rposition(|above| above.catches.contains(&cause))
    }

    /// Returns the indices of the retries that end if the layer at `index` rejects a call, innermost first. The
    /// parameter `catcher` is the index of the layer that catches the rejection.
    pub(crate) fn ended_retries(&self, index: usize, catcher: Option<usize>) -> impl Iterator<Item = usize> {
        let first = catcher.map_or(0, |catcher| catcher + 1);
        (first..index).rev().filter(|above| self.facts(*above).asks == Asks::ByCircuit)
    }

    /// Returns whether the layer at `index` catches a rejection by a layer below it.
    pub(crate) fn is_left(&self, index: usize) -> bool {
        self.causes(index).any(|cause| self.facts(index).catches.contains(&cause))
    }

    /// Returns whether a layer of the stack needs the cause of a rejection, so that the expansion must keep the cause.
    pub(crate) fn is_asked(&self) -> bool {
        (0..self.len()).any(|index| match self.facts(index).asks {
            Asks::Nothing => false,
            Asks::Rejected => true,
            Asks::ByCircuit => self.asks_for_circuits(index) || self.has_circuit_per_attempt(index),
            Asks::ByCaller => self.asks_for_callers(index),
        })
    }

    /// Returns whether a layer looks for rejections in the error of the body.
    pub(crate) fn looks_for_rejections(&self) -> bool {
        self.layers.iter().any(|layer| matches!(layer.asks, Asks::Rejected | Asks::ByCaller))
    }

    /// Returns whether the retry at `index` must check at run time if a circuit below it rejected the call. The check
    /// is necessary if a layer between the retry and the circuit catches the rejection. The rejection then reaches the
    /// retry like any other outcome.
    pub(crate) fn asks_for_circuits(&self, index: usize) -> bool {
        let lowest = self.rejecting(index, Cause::Circuit).last();
        lowest.is_some_and(|lowest| {
            (index + 1..lowest).any(|between| self.facts(between).catches.contains(&Cause::Circuit))
        })
    }

    /// Returns whether a layer below `index` may reject the call, or may end it at the caller's deadline.
    pub(crate) fn asks_for_callers(&self, index: usize) -> bool {
        let times_out = self.below(index).iter().any(|below| matches!(below.time, Time::AtMost(_)));
        times_out || self.causes(index).next().is_some()
    }

    /// Returns the cause of the rejections by each layer below `index` that rejects calls.
    fn causes(&self, index: usize) -> impl Iterator<Item = Cause> {
        self.below(index).iter().filter_map(|below| below.rejects)
    }
}
