//! Defines [`Plan`], which answers questions about the layers of one function.

use proc_macro2::{Ident, TokenStream};

use crate::facts::{Cause, Facts, Pauses, Runs, Time};
use crate::tokens::mentions;

/// The properties of the layers of one function, outermost first. The outermost layer has the index 0.
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
                // The cause `Limit` does not end a retry, while the cause `Circuit` does. The key differs between the
                // attempts, so the next attempt uses another circuit, which may be closed.
                layer.rejects = Some(Cause::Limit);
            }
        }
        Self { layers }
    }

    /// Returns whether a circuit below the retry at `index` has a key that contains the number of the attempt.
    pub(crate) fn has_circuit_per_attempt(&self, index: usize) -> bool {
        self.below(index).iter().any(|below| below.per_attempt)
    }

    /// Returns the properties of the layer at `index`.
    pub(crate) fn facts(&self, index: usize) -> &Facts {
        &self.layers[index]
    }

    /// Returns the number of layers.
    pub(crate) fn len(&self) -> usize {
        self.layers.len()
    }

    /// Returns the layers above `index`, outermost first.
    pub(super) fn above(&self, index: usize) -> &[Facts] {
        &self.layers[..index]
    }

    /// Returns the layers below `index`.
    pub(super) fn below(&self, index: usize) -> &[Facts] {
        &self.layers[index + 1..]
    }

    /// Returns the number of the layer at `index` among the layers of the same attribute. The outermost of these layers
    /// has the number 1.
    pub(crate) fn number(&self, index: usize) -> usize {
        let attribute = self.facts(index).attribute;
        1 + self.above(index).iter().filter(|above| above.attribute == attribute).count()
    }

    /// Returns whether a layer needs the arguments again after the body has run: a retry, a hedge or a fallback.
    pub(crate) fn repeats(&self) -> bool {
        self.layers.iter().any(|layer| layer.runs != Runs::Once)
    }

    /// Returns whether the function has a hedge, whose concurrent attempts share the arguments.
    pub(crate) fn shares(&self) -> bool {
        self.layers.iter().any(|layer| layer.runs == Runs::AtOnce)
    }

    /// Returns whether the function has a fallback, which calls another function with the same arguments.
    pub(crate) fn replaces(&self) -> bool {
        self.layers.iter().any(|layer| layer.replaces)
    }

    /// Returns the names of the arguments that are cloned for each attempt.
    pub(crate) fn clones(&self) -> Vec<Ident> {
        self.layers.iter().flat_map(|layer| &layer.clones).cloned().collect()
    }

    /// Returns the variables from which the body reads the number of its attempt.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = &Ident> {
        self.layers.iter().filter_map(|layer| layer.attempt.as_ref())
    }

    /// Returns the user's functions that the expansion calls after the body, such as `failure_if`. These functions may
    /// borrow the arguments of the body. Returns no functions if the body may run again.
    pub(crate) fn late(&self) -> impl Iterator<Item = &TokenStream> {
        let late = if self.repeats() { &[] } else { &self.layers[..] };
        late.iter().flat_map(|layer| &layer.late)
    }

    /// Returns the index of the outermost layer in the same `async` block as the layer at `index`. A hedge creates an
    /// `async` block for each attempt, which contains all layers below the hedge.
    pub(crate) fn block(&self, index: usize) -> usize {
        self.above(index).iter().rposition(|above| above.runs == Runs::AtOnce).map_or(0, |hedge| hedge + 1)
    }

    /// Finds the outermost layer below `index` that has the option `retry_after`. Returns the index of this layer and
    /// the function in the option, which returns the delay that an error asks for.
    pub(crate) fn hint(&self, index: usize) -> Option<(usize, &TokenStream)> {
        (index + 1..self.len()).find_map(|below| Some((below, self.facts(below).hint.as_ref()?)))
    }

    /// Returns the indices of the layers below `index` that reject calls with this `cause`.
    pub(crate) fn rejecting(&self, index: usize, cause: Cause) -> impl Iterator<Item = usize> {
        (index + 1..self.len()).filter(move |below| self.facts(*below).rejects == Some(cause))
    }

    /// Returns the retries above `index` in the same `async` block, outermost first. They know whether the layer at `index`
    /// runs in a second or later attempt. Attempts of a hedge, and of retries above a hedge, are marked on the thread.
    pub(crate) fn retries_above(&self, index: usize) -> impl Iterator<Item = usize> {
        (self.block(index)..index).filter(|above| self.facts(*above).attempts > 1)
    }

    /// Returns whether a layer above `index` may wait for a permit.
    pub(crate) fn waits_above(&self, index: usize) -> bool {
        self.above(index).iter().any(|above| above.waits)
    }

    /// Returns the pauses of the layer at `index`. Returns `None` if the layer is not a retry, or if an error may ask
    /// for other pauses.
    pub(super) fn pauses(&self, index: usize) -> Option<Pauses> {
        match self.facts(index).time {
            Time::Repeated(pauses) if self.hint(index).is_none() => Some(pauses),
            _ => None,
        }
    }
}
