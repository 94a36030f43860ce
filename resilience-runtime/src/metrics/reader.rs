//! Defines [`MetricsReader`], which reads the metrics of all layers.

use crate::metrics::labels::Labels;
use crate::metrics::metric::{Metric, MetricKind};
use crate::metrics::text::{Format, write};
use crate::metrics::{circuits, layers};

/// Reads the metrics of all layers that [`get_stats`](crate::get_stats) lists.
///
/// The functions [`prometheus_text`](crate::prometheus_text) and [`openmetrics_text`](crate::openmetrics_text) use a
/// reader without options.
///
/// ```
/// use resilience_runtime::KeyedCircuits;
/// use resilience_runtime::metrics::MetricsReader;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let price = KeyedCircuits::builder("price_of_reader").threshold(1).register()?;
/// price.get("acme").try_acquire()?.failure();
/// price.get("other").try_acquire()?.success();
///
/// let text = MetricsReader::new().top_keys(1).prometheus_text();
/// assert!(text.contains("resilience_circuit_calls_total{name=\"price_of_reader\",outcome=\"success\"} 1\n"));
/// assert!(text.contains("{name=\"price_of_reader\",key=\"acme\",outcome=\"failure\"} 1\n"));
/// assert!(!text.contains("key=\"other\""));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct MetricsReader {
    top_keys: usize,
}

impl MetricsReader {
    /// The content type of the text that [`prometheus_text`](Self::prometheus_text) returns.
    pub const PROMETHEUS_CONTENT_TYPE: &'static str = "text/plain; version=0.0.4; charset=utf-8";

    /// The content type of the text that [`openmetrics_text`](Self::openmetrics_text) returns.
    pub const OPENMETRICS_CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Creates a reader without options.
    pub const fn new() -> Self {
        Self { top_keys: 0 }
    }

    /// Adds metrics of individual keys, for at most `keys` keys of each layer. Default: 0.
    ///
    /// By default, the metrics of a layer with the option `key` are sums over all keys. With `top_keys`, additional
    /// metrics show the keys with the most failed and rejected calls. The names of these metrics contain `_key_`, as in
    /// `resilience_circuit_key_calls_total`. In Prometheus, each key adds time series, so choose a small number.
    pub const fn top_keys(mut self, keys: usize) -> Self {
        self.top_keys = keys;
        self
    }

    /// Reads all metrics. The result includes metrics without samples, such as the metrics of hedges in a program
    /// without hedges. The text formats leave out metrics without samples.
    ///
    /// ```
    /// use resilience_runtime::metrics::MetricsReader;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// for metric in MetricsReader::new().read() {
    ///     println!("{}: {} samples, {}", metric.name, metric.samples.len(), metric.help);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn read(&self) -> Vec<Metric> {
        let build = "Version of the crate resilience-runtime.";
        let mut build = Metric::new(MetricKind::Info, "resilience_build_info", build);
        build.set(Labels::default().and("version", env!("CARGO_PKG_VERSION")), 1);
        let mut metrics = circuits::read(self.top_keys);
        metrics.extend(layers::read(self.top_keys));
        metrics.push(build);
        metrics
    }

    /// Returns the metrics in the text format 0.0.4 of Prometheus.
    pub fn prometheus_text(&self) -> String {
        write(&self.read(), Format::Prometheus)
    }

    /// Returns the metrics in the text format 1.0.0 of OpenMetrics.
    pub fn openmetrics_text(&self) -> String {
        write(&self.read(), Format::OpenMetrics)
    }
}
