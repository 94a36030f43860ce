//! Tests the feature `metrics` with the crate `metrics-exporter-prometheus`.

use ::metrics::with_local_recorder;
use metrics_exporter_prometheus::PrometheusBuilder;
use resilience_runtime::{CircuitBreaker, metrics};

#[test]
fn exporter_shows_the_names_of_the_text() {
    let breaker = CircuitBreaker::builder("facade").threshold(1).register().unwrap();
    breaker.try_acquire().unwrap().failure();
    breaker.try_acquire().unwrap_err();
    for has_naming in [false, true] {
        let builder = PrometheusBuilder::new().with_recommended_naming(has_naming);
        let recorder = builder.build_recorder();
        with_local_recorder(&recorder, metrics::export);
        let text = recorder.handle().render();
        for line in [
            "resilience_circuit_calls_total{name=\"facade\",outcome=\"rejected\"} 1",
            "resilience_circuit_state{name=\"facade\",state=\"open\"} 1",
            "# TYPE resilience_circuit_calls_total counter",
        ] {
            assert!(text.contains(line), "{line} is missing in\n{text}");
        }
    }
}
