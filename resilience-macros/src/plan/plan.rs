//! The layers of one function, and the answers that several stages need about them.

use proc_macro2::{Ident, TokenStream};

use crate::facts::{Cause, Facts, Pauses, Runs, Time};
use crate::tokens::mentions;

/// The layers of one function, outermost first.
pub(crate) struct Plan {
    pub(super) layers: Vec<Facts>,
}

impl Plan {
    pub(crate) fn new(mut layers: Vec<Facts>) -> Self {
        let mut attempts = Vec::new();
        for layer in &mut layers {
            attempts.extend(layer.attempt.clone());
            let names = |key: &TokenStream| attempts.iter().any(|attempt| mentions(key, &attempt.to_string()));
            if layer.key.as_ref().is_some_and(names) {
                layer.per_attempt = true;
                // The circuit of the next attempt may be closed, so the rejection does not end the retry.
                layer.rejects = Some(Cause::Limit);
            }
        }
        Self { layers }
    }

    /// Returns whether each attempt of the retry at `index` has its own circuit.
    pub(crate) fn has_circuit_per_attempt(&self, index: usize) -> bool {
        self.below(index).iter().any(|below| below.per_attempt)
    }

    /// Returns the facts of the layer at `index`.
    pub(crate) fn facts(&self, index: usize) -> &Facts {
        &self.layers[index]
    }

    /// Returns the number of layers.
    pub(crate) fn len(&self) -> usize {
        self.layers.len()
    }

    /// Returns the layers above `index`, from the outermost on.
    pub(super) fn above(&self, index: usize) -> &[Facts] {
        &self.layers[..index]
    }

    /// Returns the layers below `index`.
    pub(super) fn below(&self, index: usize) -> &[Facts] {
        &self.layers[index + 1..]
    }

    /// Returns the number of the layer at `index` among the layers of the same attribute; the outermost has the number
    /// 1.
    pub(crate) fn number(&self, index: usize) -> usize {
        let attribute = self.facts(index).attribute;
        1 + self.above(index).iter().filter(|above| above.attribute == attribute).count()
    }

    /// Returns whether a layer needs the arguments after the body has run.
    pub(crate) fn repeats(&self) -> bool {
        self.layers.iter().any(|layer| layer.runs != Runs::Once)
    }

    /// Returns whether attempts run at the same time, and share the arguments.
    pub(crate) fn shares(&self) -> bool {
        self.layers.iter().any(|layer| layer.runs == Runs::AtOnce)
    }

    /// Returns whether a layer calls a function with the arguments.
    pub(crate) fn replaces(&self) -> bool {
        self.layers.iter().any(|layer| layer.replaces)
    }

    /// Returns the names of the arguments that are cloned for each attempt.
    pub(crate) fn clones(&self) -> Vec<Ident> {
        self.layers.iter().flat_map(|layer| &layer.clones).cloned().collect()
    }

    /// Returns the variables that hold the number of an attempt for the body.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = &Ident> {
        self.layers.iter().filter_map(|layer| layer.attempt.as_ref())
    }

    /// Returns the user's functions that are called after a body that runs once, and may borrow its arguments.
    pub(crate) fn late(&self) -> impl Iterator<Item = &TokenStream> {
        let late = if self.repeats() { &[] } else { &self.layers[..] };
        late.iter().flat_map(|layer| &layer.late)
    }

    /// Returns the outermost layer in the same `async` block as the layer at `index`. Each attempt of a hedge is a
    /// block of its own.
    pub(crate) fn block(&self, index: usize) -> usize {
        self.above(index).iter().rposition(|above| above.runs == Runs::AtOnce).map_or(0, |hedge| hedge + 1)
    }

    /// Returns the hint of the topmost layer below `index` that has one, with the index of that layer.
    pub(crate) fn hint(&self, index: usize) -> Option<(usize, &TokenStream)> {
        (index + 1..self.len()).find_map(|below| Some((below, self.facts(below).hint.as_ref()?)))
    }

    /// Returns the layers below `index` that reject calls for this cause.
    pub(crate) fn rejecting(&self, index: usize, cause: Cause) -> impl Iterator<Item = usize> {
        (index + 1..self.len()).filter(move |below| self.facts(*below).rejects == Some(cause))
    }

    /// Returns whether a layer above `index` may wait for a permit.
    pub(crate) fn waits_above(&self, index: usize) -> bool {
        self.above(index).iter().any(|above| above.waits)
    }

    /// Returns the pauses of the layer at `index`, if the layer is a retry and no hint changes its pauses.
    pub(super) fn pauses(&self, index: usize) -> Option<Pauses> {
        match self.facts(index).time {
            Time::Repeated(pauses) if self.hint(index).is_none() => Some(pauses),
            _ => None,
        }
    }
}
