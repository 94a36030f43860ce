//! Reads the metrics of circuits.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::base::sums::Sums;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::durations::BOUNDS;
use crate::circuit::core::transitions::{Cause, STATES};
use crate::circuit::sums::{CircuitSums, OUTCOMES};
use crate::metrics::labels::Labels;
use crate::metrics::metric::{Histogram, Metric, MetricKind, SampleValue};
use crate::metrics::top::{Top, key_of};
use crate::registry::walk::{circuit_families, circuits};

/// The totals of all circuits with one name, and the number of these circuits in each state.
#[derive(Default)]
struct OfName {
    sums: CircuitSums,
    states: [u32; STATES.len()],
}

impl OfName {
    fn add_state(&mut self, circuit: &CircuitBreaker) {
        self.states[circuit.state() as usize] += 1;
    }
}

/// The state and the counts of the circuit of one key.
struct OfKey {
    state: usize,
    calls: [u64; OUTCOMES.len()],
}

pub(crate) fn read(top_keys: usize) -> Vec<Metric> {
    let mut names = BTreeMap::<String, OfName>::new();
    for (name, circuit) in circuits() {
        let of_name = names.entry(name).or_default();
        of_name.sums.add(&circuit.sums());
        of_name.add_state(&circuit);
    }
    let mut sizes = [
        Metric::gauge("resilience_circuit_keys", "Number of circuits of a name with keys."),
        Metric::gauge("resilience_circuit_max_keys", "Largest number of circuits of a name with keys."),
    ];
    let mut of_keys = [
        Metric::counter(
            "resilience_circuit_key_calls_total",
            "Calls of the keys with the most failed calls, by outcome.",
        ),
        Metric::gauge("resilience_circuit_key_state", "Whether the circuit of a key is in the state."),
    ];
    for (name, (size, family)) in circuit_families() {
        let of_name = names.entry(name.clone()).or_default();
        let mut top = Top::new(top_keys);
        if let Some(family) = family {
            let sums = family.sums(|circuit, sums| {
                let state = circuit.state() as usize;
                of_name.states[state] += 1;
                let [_, failure, _, _, rejected] = sums.calls;
                top.add(failure + rejected, || (key_of(circuit.name(), &name), OfKey { state, calls: sums.calls }));
            });
            of_name.sums.add(&sums);
        }
        let [keys, max_keys] = &mut sizes;
        keys.set(Labels::of(&name), size.keys);
        max_keys.set(Labels::of(&name), size.max_keys);
        let [calls, states] = &mut of_keys;
        for (key, OfKey { state, calls: counts }) in top.into_sorted() {
            let labels = || Labels::of(&name).and("key", key.clone());
            for (outcome, count) in OUTCOMES.into_iter().zip(counts) {
                calls.count(labels().and("outcome", outcome), count);
            }
            for (index, name) in STATES.iter().enumerate() {
                states.set(labels().and("state", name.as_str()), u32::from(index == state));
            }
        }
    }
    let mut metrics = of_names(&names);
    metrics.extend(sizes);
    metrics.extend(of_keys);
    metrics
}

fn of_names(names: &BTreeMap<String, OfName>) -> Vec<Metric> {
    let mut calls = Metric::counter("resilience_circuit_calls_total", "Calls of a circuit, by outcome.");
    let help = "Whether the circuit is in the state. With keys: number of circuits in the state.";
    let mut states = Metric::gauge("resilience_circuit_state", help);
    let help = "Changes of the state of a circuit, by former state, new state and reason.";
    let mut transitions = Metric::counter("resilience_circuit_transitions_total", help);
    let help = "Durations of the calls of a circuit with the option `durations`, by outcome.";
    let mut durations = Metric::new(MetricKind::Histogram, "resilience_call_duration_seconds", help);
    for (name, OfName { sums, states: counts }) in names {
        for (outcome, count) in OUTCOMES.into_iter().zip(sums.calls) {
            calls.count(Labels::of(name).and("outcome", outcome), count);
        }
        for (state, count) in STATES.into_iter().zip(*counts) {
            states.set(Labels::of(name).and("state", state.as_str()), count);
        }
        add_transitions(&mut transitions, name, sums);
        add_durations(&mut durations, name, sums);
    }
    vec![calls, states, transitions, durations]
}

/// Adds a histogram of the durations of calls for each outcome, if the circuit has the option `durations`.
fn add_durations(metric: &mut Metric, name: &str, sums: &CircuitSums) {
    for (outcome, sums) in OUTCOMES.into_iter().zip(sums.durations.iter().flat_map(|outcomes| outcomes.iter())) {
        let mut count = 0;
        let up_to = |(bound, calls): (f64, u64)| {
            count += calls;
            (bound, count)
        };
        let buckets = BOUNDS.into_iter().chain([f64::INFINITY]).zip(sums.counts).map(up_to).collect();
        let histogram = Histogram { buckets, sum: Duration::from_nanos(sums.nanos).as_secs_f64() };
        metric.push(Labels::of(name).and("outcome", outcome), SampleValue::Histogram(histogram));
    }
}

/// Adds a sample for each former state and each cause of a state change, if such a change has occurred. Ignores a
/// change to the same state, such as the reset of a closed circuit.
fn add_transitions(metric: &mut Metric, name: &str, sums: &CircuitSums) {
    for (from, counts) in STATES.into_iter().zip(&sums.transitions) {
        for (cause, count) in Cause::ALL.into_iter().zip(*counts) {
            if count > 0 && cause.to() != from {
                let labels = Labels::of(name).and("from", from.as_str()).and("to", cause.to().as_str());
                metric.count(labels.and("reason", cause.reason()), count);
            }
        }
    }
}
