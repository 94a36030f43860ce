//! Creates the instruments of OpenTelemetry that read the metrics of `resilience-runtime`.

use std::sync::Arc;

use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use resilience_runtime::metrics::{Metric, MetricKind, MetricsReader, Sample, SampleValue};

use crate::names::convert;
use crate::snapshot::Snapshot;

/// Creates an observable instrument for each metric of `resilience-runtime`.
///
/// The provider of `meter` reads the metrics at each collection, as long as the provider exists. Call this function
/// once for each provider.
///
/// ```
/// resilience_opentelemetry::register_metrics(&opentelemetry::global::meter("resilience"));
/// ```
pub fn register_metrics(meter: &Meter) {
    let snapshot = Arc::new(Snapshot::default());
    let mut instruments = 0;
    let mut source = |index: usize| {
        let (snapshot, number) = (snapshot.clone(), instruments);
        instruments += 1;
        move || Read { metrics: snapshot.of(number), index }
    };
    for (index, metric) in MetricsReader::new().read().into_iter().enumerate() {
        let (name, unit) = convert(metric.name);
        match metric.kind {
            MetricKind::Counter => {
                let read = source(index);
                counter(meter, name, metric.help, move |see| read().counts(see));
            }
            MetricKind::Histogram => {
                let (buckets, count, sum) = (source(index), source(index), source(index));
                counter(meter, format!("{name}.bucket"), metric.help, move |see| buckets().buckets(see));
                counter(meter, format!("{name}.count"), metric.help, move |see| count().counts(see));
                let builder = meter.f64_observable_counter(format!("{name}.sum"));
                let builder = builder.with_description(metric.help).with_unit(unit.unwrap_or_default());
                builder.with_callback(move |observer| sum().numbers(|n, labels| observer.observe(n, labels))).build();
            }
            _ => {
                let read = source(index);
                let builder = meter.f64_observable_gauge(name).with_description(metric.help);
                let builder = builder.with_unit(unit.unwrap_or_default());
                builder.with_callback(move |observer| read().numbers(|n, labels| observer.observe(n, labels))).build();
            }
        }
    }
}

/// Creates an observable counter. At each collection, the counter calls `read` with a closure. `read` passes each value
/// of the counter to this closure, with the labels of the value.
fn counter(
    meter: &Meter,
    name: String,
    help: &'static str,
    read: impl Fn(&dyn Fn(u64, &[KeyValue])) + Send + Sync + 'static,
) {
    let builder = meter.u64_observable_counter(name).with_description(help);
    builder.with_callback(move |observer| read(&|count, labels| observer.observe(count, labels))).build();
}

/// The metrics of one collection, and the index of the metric that an instrument shows.
struct Read {
    metrics: Arc<Vec<Metric>>,
    index: usize,
}

impl Read {
    fn samples(&self) -> &[Sample] {
        self.metrics.get(self.index).map_or(&[], |metric| &metric.samples)
    }

    /// Calls `see` with each `SampleValue::Count`, and with the number of durations in each histogram.
    fn counts(&self, see: &dyn Fn(u64, &[KeyValue])) {
        for sample in self.samples() {
            match &sample.value {
                SampleValue::Count(count) => see(*count, &labels(sample)),
                SampleValue::Histogram(histogram) => see(histogram.count(), &labels(sample)),
                _ => {}
            }
        }
    }

    /// Calls `see` with each `SampleValue::Number`, and with the sum of the durations in each histogram.
    fn numbers(&self, see: impl Fn(f64, &[KeyValue])) {
        for sample in self.samples() {
            match &sample.value {
                SampleValue::Number(number) => see(*number, &labels(sample)),
                SampleValue::Histogram(histogram) => see(histogram.sum, &labels(sample)),
                _ => {}
            }
        }
    }

    /// For each upper bound of a histogram, calls `see` with the number of measured durations up to this bound.
    fn buckets(&self, see: &dyn Fn(u64, &[KeyValue])) {
        for sample in self.samples() {
            let SampleValue::Histogram(histogram) = &sample.value else { continue };
            for (bound, count) in &histogram.buckets {
                let mut labels = labels(sample);
                let bound = if bound.is_finite() { format!("{bound:?}") } else { "+Inf".to_owned() };
                labels.push(KeyValue::new("le", bound));
                see(*count, &labels);
            }
        }
    }
}

fn labels(sample: &Sample) -> Vec<KeyValue> {
    sample.labels.iter().map(|(label, value)| KeyValue::new(*label, value.clone())).collect()
}
