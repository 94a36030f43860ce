//! Reports contradictions between the attributes of a function.

use super::plan::Plan;
use super::worst_case::shown;
use crate::error::Errors;
use crate::facts::{Asks, Runs, Time};
use crate::parse::value::without_exit;

impl Plan {
    pub(crate) fn check(&self, errors: &mut Errors) {
        self.has_one_circuit_of_a_name(errors);
        self.has_one_limit_of_a_name(errors);
        self.has_one_retry_above_a_key_of_attempts(errors);
        self.leaves_no_key_of_attempts(errors);
        for index in 0..self.len() {
            self.replaces_no_first_failure(index, errors);
            self.ends_in_time(index, errors);
        }
    }

    /// Reports each attribute that does not work on a plain function (a function that is not `async`).
    pub(crate) fn blocks(&self, errors: &mut Errors) {
        for layer in &self.layers {
            if let Some(message) = layer.needs_async {
                errors.push(layer.span, message);
            }
        }
    }

    fn has_one_circuit_of_a_name(&self, errors: &mut Errors) {
        let mut seen = Vec::new();
        for (name, span) in self.layers.iter().filter_map(|layer| layer.name.as_ref()) {
            if seen.contains(&name) {
                errors.push(*span, "this function has a circuit of this name already; each failure would count twice");
            }
            seen.push(name);
        }
    }

    /// Reports two bulkheads, or two rate limits, with the same name. With two bulkheads of the same name, a call would
    /// take two slots of one bulkhead.
    fn has_one_limit_of_a_name(&self, errors: &mut Errors) {
        for (index, layer) in self.layers.iter().enumerate() {
            let Some((name, span)) = &layer.name_of_limit else { continue };
            let is_twice = self.above(index).iter().any(|above| {
                above.attribute == layer.attribute
                    && above.name_of_limit.as_ref().is_some_and(|(other, _)| other == name)
            });
            if is_twice {
                let attribute = layer.attribute;
                errors
                    .push(*span, format_args!("this function has a `#[{attribute}]` of this name already: remove one"));
            }
        }
    }

    /// Reports a circuit below several retries if the `key` of the circuit contains the attempt number of a retry. The
    /// attempts of the other retries do not change this key. After a rejection, the same circuit would therefore reject
    /// these attempts, too.
    fn has_one_retry_above_a_key_of_attempts(&self, errors: &mut Errors) {
        for (index, layer) in self.layers.iter().enumerate() {
            let retries = self.above(index).iter().filter(|above| above.asks == Asks::ByCircuit).count();
            if layer.per_attempt && retries > 1 {
                // A circuit with the option `with` has no name.
                let span = layer.name.as_ref().map_or(layer.span, |(_, span)| *span);
                errors.push(
                    span,
                    "the key of this circuit names the attempt of a retry, so the circuit must be below one retry only",
                );
            }
        }
    }

    /// Reports a `?` or a `return` in a `key` that contains the attempt number of a retry. A circuit above the retry
    /// admits the call before the retry evaluates this key. The circuit would count the early exit as a failure.
    fn leaves_no_key_of_attempts(&self, errors: &mut Errors) {
        for key in self.layers.iter().filter(|layer| layer.per_attempt).filter_map(|layer| layer.key.as_ref()) {
            errors.ok(without_exit("key", key));
        }
    }

    fn replaces_no_first_failure(&self, index: usize, errors: &mut Errors) {
        let layer = self.facts(index);
        if layer.runs == Runs::Once || layer.replaces.is_some() {
            return;
        }
        let above = layer.attribute;
        for below in self.below(index).iter().filter(|below| below.replaces.is_some()) {
            errors.push(
                below.span,
                format_args!(
                    "below a {above} the fallback would take the place of the first failure, and hide it from the \
                     {above}: put `#[fallback]` above `#[{above}]`"
                ),
            );
        }
    }

    /// If the attribute at `index` is a timeout, reports three kinds of attributes below this timeout:
    ///
    /// - Reports a retry if the timeout ends before the last attempt of the retry can start.
    /// - Reports a hedge if the timeout ends before the second attempt of the hedge can start.
    /// - Reports an inner timeout if the outer timeout is shorter.
    fn ends_in_time(&self, index: usize, errors: &mut Errors) {
        let above = self.facts(index);
        let Time::AtMost(Some(after)) = above.time else { return };
        let after = after.as_secs_f64();
        for below in index + 1..self.len() {
            let Some(message) = self.too_late(below, after) else { continue };
            let retries = matches!(self.facts(below).time, Time::Repeated(_));
            errors.push(if retries { above.span } else { self.facts(below).span }, message);
        }
    }

    /// Returns an error message if a timeout of `after` seconds is too short for the attribute at the index `below`.
    fn too_late(&self, below: usize, after: f64) -> Option<String> {
        match self.facts(below).time {
            Time::Repeated(_) => {
                let pauses = self.pauses(below)?.sum();
                (after < pauses).then(|| {
                    format!(
                        "the pauses of the retry below take {} by themselves, so that its last attempt is never \
                         made: write a longer timeout, or fewer or shorter pauses",
                        shown(pauses)
                    )
                })
            }
            Time::Hedged { min: second, .. } => (after <= second.as_secs_f64()).then(|| {
                format!("the timeout above is over after {}, before a second attempt: write less", shown(after))
            }),
            Time::AtMost(Some(inner)) => (after < inner.as_secs_f64())
                .then(|| format!("the timeout above is over first, after {}: remove one", shown(after))),
            Time::AtMost(None) | Time::Same | Time::After(_) | Time::Unknown => None,
        }
    }
}
