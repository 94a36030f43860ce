//! Defines the metrics as values, for programs that pass the metrics to another system.

use std::borrow::Cow;

use crate::metrics::labels::Labels;

/// Contains the values of a metric, such as the number of calls of each circuit.
///
/// ```
/// use resilience_runtime::metrics::{MetricsReader, SampleValue};
///
/// let metrics = MetricsReader::new().read();
/// let build = metrics.iter().find(|metric| metric.name == "resilience_build_info").unwrap();
/// assert_eq!(build.samples[0].value, SampleValue::Number(1.0));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// Name of the metric, such as `resilience_circuit_calls_total`. The name of a counter ends in `_total`.
    pub name: &'static str,
    /// Description of the metric.
    pub help: &'static str,
    /// Kind of the metric.
    pub kind: MetricKind,
    /// Values of the metric. No two samples have the same labels.
    pub samples: Vec<Sample>,
}

/// Identifies the kind of a [`Metric`].
///
/// ```
/// use resilience_runtime::metrics::{MetricKind, MetricsReader};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let metrics = MetricsReader::new().read();
/// let calls = metrics.iter().find(|metric| metric.name == "resilience_circuit_calls_total").unwrap();
/// assert_eq!(calls.kind, MetricKind::Counter);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum MetricKind {
    /// A number that never decreases.
    Counter,
    /// A number that can decrease.
    Gauge,
    /// A distribution of durations.
    Histogram,
    /// The number 1, with labels that contain facts, such as the version of this crate.
    Info,
}

/// Contains one value of a [`Metric`], with its labels.
///
/// ```
/// use resilience_runtime::CircuitBreaker;
/// use resilience_runtime::metrics::MetricsReader;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// CircuitBreaker::builder("sample_example").register()?;
/// let metrics = MetricsReader::new().read();
/// let calls = metrics.iter().find(|metric| metric.name == "resilience_circuit_calls_total").unwrap();
/// let mut labels = calls.samples.iter().flat_map(|sample| &sample.labels);
/// assert!(labels.any(|(label, value)| *label == "name" && value == "sample_example"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Sample {
    /// Names and values of the labels. The values are not escaped.
    pub labels: Vec<(&'static str, Cow<'static, str>)>,
    /// Value of the metric for these labels.
    pub value: SampleValue,
}

/// Contains the value of a [`Sample`].
///
/// ```
/// use resilience_runtime::metrics::SampleValue;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// fn number(value: &SampleValue) -> f64 {
///     match value {
///         SampleValue::Count(count) => *count as f64,
///         SampleValue::Number(number) => *number,
///         SampleValue::Histogram(histogram) => histogram.count() as f64,
///         _ => f64::NAN,
///     }
/// }
///
/// assert_eq!(number(&SampleValue::Count(3)), 3.0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum SampleValue {
    /// The value of a [`MetricKind::Counter`].
    Count(u64),
    /// The value of a [`MetricKind::Gauge`] or a [`MetricKind::Info`].
    Number(f64),
    /// The value of a [`MetricKind::Histogram`].
    Histogram(Histogram),
}

/// Contains a distribution of durations.
///
/// ```
/// use resilience_runtime::CircuitBreaker;
/// use resilience_runtime::metrics::{MetricsReader, SampleValue};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("histogram_example").durations(true).register()?;
/// breaker.try_acquire()?.success();
/// let metrics = MetricsReader::new().read();
/// let metric = metrics.iter().find(|metric| metric.name == "resilience_call_duration_seconds").unwrap();
/// let counts = metric.samples.iter().filter_map(|sample| match &sample.value {
///     SampleValue::Histogram(histogram) => Some(histogram.count()),
///     _ => None,
/// });
/// assert_eq!(counts.sum::<u64>(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Histogram {
    /// For each bucket, its upper bound in seconds, and the number of durations up to this bound. The last bound is
    /// infinite, so the last number counts all durations.
    pub buckets: Vec<(f64, u64)>,
    /// Sum of all durations in seconds.
    pub sum: f64,
}

impl Histogram {
    /// Returns the number of all durations.
    pub fn count(&self) -> u64 {
        self.buckets.last().map_or(0, |(_, count)| *count)
    }
}

impl Metric {
    pub(crate) fn new(kind: MetricKind, name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind, samples: Vec::new() }
    }

    pub(crate) fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(MetricKind::Counter, name, help)
    }

    pub(crate) fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(MetricKind::Gauge, name, help)
    }

    pub(crate) fn count(&mut self, labels: Labels, count: u64) {
        self.push(labels, SampleValue::Count(count));
    }

    pub(crate) fn set(&mut self, labels: Labels, number: impl Into<f64>) {
        self.push(labels, SampleValue::Number(number.into()));
    }

    pub(crate) fn push(&mut self, labels: Labels, value: SampleValue) {
        self.samples.push(Sample { labels: labels.into_vec(), value });
    }
}
