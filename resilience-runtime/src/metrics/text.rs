//! Writes metrics as text, in the formats of Prometheus and of OpenMetrics.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::metrics::metric::{Histogram, Metric, MetricKind, Sample, SampleValue};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Prometheus,
    OpenMetrics,
}

pub(crate) fn write(metrics: &[Metric], format: Format) -> String {
    let mut text = String::new();
    for metric in metrics.iter().filter(|metric| !metric.samples.is_empty()) {
        let family = family(metric, format);
        let kind = match (metric.kind, format) {
            (MetricKind::Counter, _) => "counter",
            (MetricKind::Histogram, _) => "histogram",
            (MetricKind::Info, Format::OpenMetrics) => "info",
            (MetricKind::Gauge, _) | (MetricKind::Info, Format::Prometheus) => "gauge",
        };
        // Ignores the result, because a write to a `String` never fails.
        let _ = writeln!(text, "# HELP {family} {}\n# TYPE {family} {kind}", metric.help);
        if family.ends_with("_seconds") && format == Format::OpenMetrics {
            let _ = writeln!(text, "# UNIT {family} seconds");
        }
        for sample in &metric.samples {
            line(&mut text, metric.name, sample);
        }
    }
    if format == Format::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

/// Returns the name for the lines `# HELP`, `# TYPE` and `# UNIT` of a metric. In OpenMetrics, this name has no suffix
/// such as `_total`.
fn family(metric: &Metric, format: Format) -> &'static str {
    let suffix = match (metric.kind, format) {
        (MetricKind::Counter, Format::OpenMetrics) => "_total",
        (MetricKind::Info, Format::OpenMetrics) => "_info",
        _ => "",
    };
    metric.name.strip_suffix(suffix).unwrap_or(metric.name)
}

fn line(text: &mut String, name: &str, Sample { labels, value }: &Sample) {
    match value {
        SampleValue::Count(count) => {
            series(text, name, labels, None);
            let _ = writeln!(text, " {count}");
        }
        SampleValue::Number(number) => {
            series(text, name, labels, None);
            let _ = writeln!(text, " {number}");
        }
        SampleValue::Histogram(histogram) => lines_of_histogram(text, name, labels, histogram),
    }
}

type Label = (&'static str, Cow<'static, str>);

fn lines_of_histogram(text: &mut String, name: &str, labels: &[Label], histogram: &Histogram) {
    for (bound, count) in &histogram.buckets {
        series(text, &format!("{name}_bucket"), labels, Some(*bound));
        let _ = writeln!(text, " {count}");
    }
    series(text, &format!("{name}_sum"), labels, None);
    let _ = writeln!(text, " {}", histogram.sum);
    series(text, &format!("{name}_count"), labels, None);
    let _ = writeln!(text, " {}", histogram.count());
}

/// Writes the name and the labels of a sample. `bound` is the upper bound of a histogram's bucket.
fn series(text: &mut String, name: &str, labels: &[Label], bound: Option<f64>) {
    text.push_str(name);
    let bound = bound.map(|bound| ("le", Cow::Owned(text_of_bound(bound))));
    let mut labels = labels.iter().chain(&bound).peekable();
    if labels.peek().is_none() {
        return;
    }
    let mut separator = '{';
    for (label, value) in labels {
        text.push(separator);
        separator = ',';
        let _ = write!(text, "{label}=\"");
        escape(text, value);
        text.push('"');
    }
    text.push('}');
}

/// Returns the upper bound of a bucket as text, in the form that OpenMetrics prescribes, such as `1.0`.
pub(crate) fn text_of_bound(bound: f64) -> String {
    if bound.is_finite() { format!("{bound:?}") } else { "+Inf".to_owned() }
}

/// Writes the value of a label. The formats of Prometheus and of OpenMetrics both escape the backslash, the quotation
/// mark and the line break.
fn escape(text: &mut String, value: &str) {
    for character in value.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            _ => text.push(character),
        }
    }
}
