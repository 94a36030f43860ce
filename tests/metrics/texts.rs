//! Tests the text formats of Prometheus and OpenMetrics.

use resilience_runtime::metrics::{MetricsReader, SampleValue};
use resilience_runtime::{CircuitBreaker, openmetrics_text, prometheus_text};

use crate::parser::Samples;

#[test]
fn both_texts_have_the_same_samples() {
    let breaker = CircuitBreaker::builder("texts::both").threshold(1).register().unwrap();
    breaker.try_acquire().unwrap().failure();
    for text in [Samples::of_prometheus(&prometheus_text()), Samples::of_openmetrics(&openmetrics_text())] {
        let labels = [("name", "texts::both"), ("outcome", "failure")];
        assert_eq!(text.get("resilience_circuit_calls_total", &labels), Some(1.0));
        let labels = [("name", "texts::both"), ("state", "open")];
        assert_eq!(text.get("resilience_circuit_state", &labels), Some(1.0));
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        assert_eq!(text.get("resilience_build_info", &version), Some(1.0));
        assert!(text.len() > 10);
    }
}

#[test]
fn names_with_special_characters_are_escaped() {
    let name = "texts::\"quoted\" \\ back\nline\r\t\u{1F600}}{,=";
    CircuitBreaker::builder(name).register().unwrap();
    let line =
        "resilience_circuit_state{name=\"texts::\\\"quoted\\\" \\\\ back\\nline\r\t\u{1F600}}{,=\",state=\"closed\"} 1";
    assert!(prometheus_text().split('\n').any(|found| found == line));
    for text in [Samples::of_prometheus(&prometheus_text()), Samples::of_openmetrics(&openmetrics_text())] {
        let labels = [("name", name), ("state", "closed")];
        assert_eq!(text.get("resilience_circuit_state", &labels), Some(1.0));
    }
}

#[test]
fn values_are_those_of_the_text() {
    CircuitBreaker::builder("texts::value").register().unwrap().trip();
    let metrics = MetricsReader::new().read();
    let state = metrics.iter().find(|metric| metric.name == "resilience_circuit_state").unwrap();
    let open = state.samples.iter().find(|sample| {
        let is = |name, value| sample.labels.iter().any(|label| label.0 == name && label.1 == value);
        is("name", "texts::value") && is("state", "open")
    });
    assert_eq!(open.unwrap().value, SampleValue::Number(1.0));
}
