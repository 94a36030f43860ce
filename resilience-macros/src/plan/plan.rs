//! Defines [`Plan`], which answers questions about the attributes of one function.

use proc_macro2::{Ident, TokenStream};

use crate::facts::{Asks, Cause, Facts, Pauses, Replacement, Runs, Time};
use crate::parse::constant::Constant;
use crate::tokens::mentions;

/// The properties of all attributes of one function. The outermost attribute has the index 0.
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
                // Replaces the cause `Circuit` by `Limit`, because a rejection with the cause `Circuit` ends a retry.
                // The key differs between the attempts, so the next attempt uses another circuit, which may be closed.
                layer.rejects = Some(Cause::Limit);
            }
        }
        Self { layers }
    }

    /// Returns the indices of all circuits whose key contains the attempt number of the retry at `index`.
    pub(crate) fn circuits_per_attempt(&self, index: usize) -> impl Iterator<Item = usize> {
        (index + 1..self.len()).filter(|below| self.facts(*below).per_attempt)
    }

    /// Returns the index of the retry whose attempt number is in the key of the circuit at `index`.
    pub(crate) fn retry_of_key(&self, index: usize) -> Option<usize> {
        let retry = self.above(index).iter().rposition(|above| above.asks == Asks::ByCircuit);
        retry.filter(|_| self.facts(index).per_attempt)
    }

    /// Returns whether the key of a circuit contains the attempt number of the retry at `index`.
    pub(crate) fn has_circuit_per_attempt(&self, index: usize) -> bool {
        self.circuits_per_attempt(index).next().is_some()
    }

    pub(crate) fn facts(&self, index: usize) -> &Facts {
        &self.layers[index]
    }

    pub(crate) fn len(&self) -> usize {
        self.layers.len()
    }

    pub(super) fn above(&self, index: usize) -> &[Facts] {
        &self.layers[..index]
    }

    pub(super) fn below(&self, index: usize) -> &[Facts] {
        &self.layers[index + 1..]
    }

    /// Returns the position of the attribute at `index` among the attributes of the same kind, counted from the top.
    /// For example, the second `#[retry]` from the top has the position 2.
    pub(crate) fn number(&self, index: usize) -> usize {
        let attribute = self.facts(index).attribute;
        1 + self.above(index).iter().filter(|above| above.attribute == attribute).count()
    }

    /// Returns whether the function has a retry, a hedge or a fallback function. These attributes may need the
    /// arguments again after the body has started.
    pub(crate) fn repeats(&self) -> bool {
        self.layers.iter().any(|layer| layer.runs != Runs::Once)
    }

    /// Returns whether the function has a hedge, whose concurrent attempts share the arguments.
    pub(crate) fn shares(&self) -> bool {
        self.layers.iter().any(|layer| layer.runs == Runs::AtOnce)
    }

    fn replacements(&self) -> impl Iterator<Item = &Replacement> {
        self.layers.iter().filter_map(|layer| layer.replaces.as_ref())
    }

    /// Returns whether the function has a fallback.
    pub(crate) fn replaces(&self) -> bool {
        self.replacements().next().is_some()
    }

    /// Returns whether the function has a fallback that passes all arguments to another function.
    pub(crate) fn passes_arguments(&self) -> bool {
        self.replacements().any(|replacement| matches!(replacement, Replacement::Function))
    }

    /// Returns the closures and the values of fallbacks.
    pub(crate) fn replacing_expressions(&self) -> impl Iterator<Item = &TokenStream> {
        self.replacements().filter_map(|replacement| match replacement {
            Replacement::Function => None,
            Replacement::Expression(expression) => Some(expression),
        })
    }

    pub(crate) fn clones(&self) -> Vec<Ident> {
        self.layers.iter().flat_map(|layer| &layer.clones).cloned().collect()
    }

    /// Returns the names of the arguments that the expansion clones at the position `index`. The body has the position
    /// after the last attribute.
    ///
    /// The body and each fallback may consume the arguments. If an attribute lists an argument in `clone`, the next
    /// fallback below the attribute receives a clone. If no fallback is below the attribute, the body receives the
    /// clone.
    pub(crate) fn clones_at(&self, index: usize) -> Vec<Ident> {
        let consumes = |index: usize| index == self.len() || self.facts(index).replaces.is_some();
        if !consumes(index) {
            return Vec::new();
        }
        let first = (0..index).rposition(consumes).unwrap_or(0);
        let names = self.layers[first..index].iter().flat_map(|layer| &layer.clones);
        names.fold(Vec::new(), |mut names, name| {
            if !names.contains(name) {
                names.push(name.clone());
            }
            names
        })
    }

    /// Returns whether the expansion clones arguments at a position below `index`.
    pub(crate) fn clones_below(&self, index: usize) -> bool {
        (index + 1..=self.len()).any(|below| !self.clones_at(below).is_empty())
    }

    /// Returns whether a function that an attribute above `index` may call after the body uses the argument `name`.
    pub(crate) fn is_read_above(&self, index: usize, name: &str) -> bool {
        self.above(index).iter().flat_map(|above| &above.late).any(|function| mentions(function, name))
    }

    /// Returns the names of the variables from which the user's body reads the number of the current attempt.
    pub(crate) fn attempts(&self) -> impl Iterator<Item = &Ident> {
        self.layers.iter().filter_map(|layer| layer.attempt.as_ref())
    }

    /// Returns the user's constants in the options of attributes. The `bool` of a constant is true if all calls share
    /// the state of its attribute.
    pub(crate) fn constants(&self) -> impl Iterator<Item = (&Constant, bool)> {
        self.layers.iter().flat_map(|layer| layer.constants.iter().map(|constant| (constant, layer.is_shared)))
    }

    /// Returns the user's functions, such as `failure_if`, that the expansion may call after the body has started.
    /// These functions may borrow the arguments of the body. Returns no functions if the body may run again, because
    /// the body then cannot consume the arguments.
    pub(crate) fn late(&self) -> impl Iterator<Item = &TokenStream> {
        let late = if self.repeats() { &[] } else { &self.layers[..] };
        late.iter().flat_map(|layer| &layer.late)
    }

    /// Returns code of the user that may run after the wait of a bulkhead or a rate limit. This code consists of the
    /// functions in the option `error`, of the expressions in other options, and of the functions that the attributes
    /// below the wait may call after the body has started.
    pub(crate) fn code_after_a_wait(&self) -> impl Iterator<Item = &TokenStream> {
        let after = || self.layers.iter().skip_while(|layer| !layer.waits);
        let code = after().flat_map(|layer| layer.rejection.iter().chain(&layer.expressions));
        code.chain(after().skip(1).flat_map(|below| &below.late))
    }

    /// Returns the index of the outermost attribute in the same `async` block as the attribute at `index`. A hedge
    /// creates an `async` block for each attempt. This block contains the code of all attributes below the hedge.
    pub(crate) fn block(&self, index: usize) -> usize {
        self.above(index).iter().rposition(|above| above.runs == Runs::AtOnce).map_or(0, |hedge| hedge + 1)
    }

    /// Finds the outermost circuit below `index` that has the option `retry_after`. Returns the index of this circuit,
    /// and the user's function in the option. Leaves out a circuit whose key contains the number of the attempt, because
    /// the next attempt may call a host that did not ask for the delay.
    pub(crate) fn hint(&self, index: usize) -> Option<(usize, &TokenStream)> {
        self.hinting(index).find_map(|below| Some((below, self.facts(below).hint.as_ref()?)))
    }

    /// Works like [`hint`](Self::hint), for the option `retry_after_ok`.
    pub(crate) fn hint_ok(&self, index: usize) -> Option<(usize, &TokenStream)> {
        self.hinting(index).find_map(|below| Some((below, self.facts(below).hint_ok.as_ref()?)))
    }

    fn hinting(&self, index: usize) -> impl Iterator<Item = usize> {
        (index + 1..self.len()).filter(|below| !self.facts(*below).per_attempt)
    }

    pub(crate) fn rejecting(&self, index: usize, cause: Cause) -> impl Iterator<Item = usize> {
        (index + 1..self.len()).filter(move |below| self.facts(*below).rejects == Some(cause))
    }

    /// Returns the indices of the retries above `index`, the outermost retry first. The code of the attribute at
    /// `index` asks each of these retries whether its current attempt is its first attempt. If a hedge is above
    /// `index`, leaves out the retries above this hedge. Each attempt of a hedge runs in a separate `async` block, and
    /// reads a thread-local variable of the runtime crate instead.
    pub(crate) fn retries_above(&self, index: usize) -> impl Iterator<Item = usize> {
        // If each attempt has its own circuit, returns no retries. The circuit then treats each attempt as a first
        // attempt.
        let first = if self.facts(index).per_attempt { index } else { self.block(index) };
        (first..index).filter(|above| self.facts(*above).attempts != Some(1))
    }

    /// Returns the indices of the other retries in the `async` block of the retry at `index`. The first list contains
    /// the retries above, and the second list contains the retries below. Each list begins with its outermost retry.
    pub(crate) fn stacked_retries(&self, index: usize) -> (Vec<usize>, Vec<usize>) {
        let block = self.block(index);
        let is_stacked = |other: &usize| self.facts(*other).asks == Asks::ByCircuit && self.block(*other) == block;
        let above = (block..index).filter(is_stacked).collect();
        (above, (index + 1..self.len()).filter(is_stacked).collect())
    }

    pub(crate) fn waits_above(&self, index: usize) -> bool {
        self.above(index).iter().any(|above| above.waits)
    }

    /// Returns the pauses between the attempts of the retry at `index`. Returns `None` if the attribute is not a retry,
    /// or if the pauses are not known at compile time.
    pub(super) fn pauses(&self, index: usize) -> Option<Pauses> {
        match self.facts(index).time {
            Time::Repeated(pauses) if self.hint(index).is_none() && self.hint_ok(index).is_none() => Some(pauses),
            _ => None,
        }
    }
}
