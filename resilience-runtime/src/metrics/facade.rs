//! Passes the metrics to the recorder of the crate `metrics`.

use std::borrow::Cow;
use std::time::Duration;

use ::metrics::{Key, Label, Level, Metadata, Recorder, Unit, with_recorder};
use tokio::time::sleep;

use crate::metrics::metric::{Metric, MetricKind, Sample, SampleValue};
use crate::metrics::reader::MetricsReader;
use crate::metrics::text::text_of_bound;

/// The shortest pause of [`export_every`]. Without a pause, the loop would leave no time for other tasks.
const SHORTEST: Duration = Duration::from_millis(1);

/// Passes the metrics of all layers to the recorder of the crate `metrics`. Needs the feature `metrics`.
///
/// Call this function in the HTTP route that returns the metrics of your program, before the recorder writes its text.
/// If the program has no such route, spawn [`export_every`] instead. Without a recorder, this function has no effect.
///
/// The recorder receives the total of each counter, not the increment since the last export. A histogram becomes three
/// metrics, whose names end in `_bucket`, `_count` and `_sum`. The label `le` of the counter `_bucket` contains the
/// upper bound of the bucket. The counter `_count` contains the number of durations, and the gauge `_sum` contains
/// their sum.
///
/// The recorder receives only the time series that exist now. If [`unregister`](crate::unregister) has removed a
/// circuit, most recorders keep the last values of its gauges. For example, the state of the removed circuit can stay
/// `open`. The guide [Metrics](crate::guide::metrics#the-crate-metrics) describes how to remove these series.
///
/// ```
/// use resilience_runtime::metrics;
///
/// fn answer(render: impl Fn() -> String) -> String {
///     metrics::export();
///     render()
/// }
/// # answer(String::new);
/// ```
pub fn export() {
    MetricsReader::new().export();
}

/// Calls [`export`] at once, and then after each pause of the length `time`. Needs the feature `metrics`.
///
/// The future never ends, so spawn the future as a task. A `time` of less than 1 ms counts as 1 ms.
///
/// # Panics
///
/// The pauses need the timer of a tokio runtime. The future panics if there is no runtime, or if the timer of the
/// runtime is not enabled.
///
/// # Cancel safety
///
/// Dropping the future ends the exports.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::metrics::export_every;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// tokio::spawn(export_every(Duration::from_secs(1)));
/// # }
/// ```
pub async fn export_every(time: Duration) {
    loop {
        export();
        sleep(time.max(SHORTEST)).await;
    }
}

impl MetricsReader {
    /// Works like the function [`export`], with the options of this reader. Needs the feature `metrics`.
    ///
    /// With [`top_keys`](Self::top_keys), most recorders keep the last values of an evicted key. Most recorders also
    /// keep the last values of a key that is no longer among the keys with the most failed and rejected calls.
    pub fn export(&self) {
        let metrics = self.read();
        let has_samples = |metric: &&Metric| !metric.samples.is_empty();
        with_recorder(|recorder| metrics.iter().filter(has_samples).for_each(|metric| pass(recorder, metric)));
    }
}

fn pass(recorder: &dyn Recorder, metric: &Metric) {
    let name = metric.name;
    let unit = name.ends_with("_seconds").then_some(Unit::Seconds);
    match metric.kind {
        MetricKind::Counter => recorder.describe_counter(name.into(), None, metric.help.into()),
        MetricKind::Gauge | MetricKind::Info => recorder.describe_gauge(name.into(), unit, metric.help.into()),
        MetricKind::Histogram => recorder.describe_counter(format!("{name}_bucket").into(), None, metric.help.into()),
    }
    for Sample { labels, value } in &metric.samples {
        let labels = || labels.iter().map(|(label, value)| Label::new(*label, value.clone())).collect::<Vec<_>>();
        match value {
            SampleValue::Count(count) => set_counter(recorder, name, labels(), *count),
            SampleValue::Number(number) => set_gauge(recorder, name, labels(), *number),
            SampleValue::Histogram(histogram) => {
                for (bound, count) in &histogram.buckets {
                    let mut labels = labels();
                    labels.push(Label::new("le", text_of_bound(*bound)));
                    set_counter(recorder, format!("{name}_bucket"), labels, *count);
                }
                set_counter(recorder, format!("{name}_count"), labels(), histogram.count());
                set_gauge(recorder, format!("{name}_sum"), labels(), histogram.sum);
            }
        }
    }
}

const METADATA: Metadata<'static> = Metadata::new("resilience", Level::INFO, None);

fn set_counter(recorder: &dyn Recorder, name: impl Into<Cow<'static, str>>, labels: Vec<Label>, count: u64) {
    recorder.register_counter(&Key::from_parts(name.into(), labels), &METADATA).absolute(count);
}

fn set_gauge(recorder: &dyn Recorder, name: impl Into<Cow<'static, str>>, labels: Vec<Label>, number: f64) {
    recorder.register_gauge(&Key::from_parts(name.into(), labels), &METADATA).set(number);
}
