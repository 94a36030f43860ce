//! Shows the counts and states of all layers as metrics: as text for Prometheus, or as values for other systems.
//!
//! The functions [`prometheus_text`] and [`openmetrics_text`] return the text for the HTTP route from which Prometheus
//! reads the metrics of a program. A [`MetricsReader`] has options, and can also return the metrics as values. The
//! library computes the metrics when the program reads them, so metrics do not slow down a call. Only the option
//! `durations` of a circuit makes calls slower. With the feature `metrics`, the function `export` passes the metrics to
//! the recorder of the crate `metrics`. The guide [Metrics](crate::guide::metrics) lists the metrics.

mod circuits;
#[cfg(feature = "metrics")]
mod facade;
mod labels;
mod layers;
mod metric;
mod reader;
mod text;
mod top;

#[cfg(feature = "metrics")]
pub use self::facade::{export, export_every};
pub use self::metric::{Histogram, Metric, MetricKind, Sample, SampleValue};
pub use self::reader::MetricsReader;

/// Returns the metrics of all layers in the text format 0.0.4 of Prometheus.
///
/// Return this text from the HTTP route that Prometheus reads, with the content type
/// [`PROMETHEUS_CONTENT_TYPE`](MetricsReader::PROMETHEUS_CONTENT_TYPE). The guide [Metrics](crate::guide::metrics)
/// lists the metrics.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, prometheus_text};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("prometheus_example").threshold(1).register()?;
/// breaker.try_acquire()?.failure();
/// assert!(breaker.try_acquire().is_err());
///
/// let text = prometheus_text();
/// assert!(text.contains("resilience_circuit_state{name=\"prometheus_example\",state=\"open\"} 1\n"));
/// assert!(text.contains("resilience_circuit_calls_total{name=\"prometheus_example\",outcome=\"rejected\"} 1\n"));
/// # Ok(())
/// # }
/// ```
#[doc(alias = "metrics")]
pub fn prometheus_text() -> String {
    MetricsReader::new().prometheus_text()
}

/// Returns the metrics of all layers in the text format 1.0.0 of OpenMetrics.
///
/// If a request accepts `application/openmetrics-text`, return this text with the content type
/// [`OPENMETRICS_CONTENT_TYPE`](MetricsReader::OPENMETRICS_CONTENT_TYPE).
///
/// ```
/// assert!(resilience_runtime::openmetrics_text().ends_with("# EOF\n"));
/// ```
#[doc(alias = "metrics")]
pub fn openmetrics_text() -> String {
    MetricsReader::new().openmetrics_text()
}
