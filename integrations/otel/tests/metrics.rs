//! Tests the observable instruments, with an exporter of OpenTelemetry that stores the data in memory.

use std::collections::BTreeMap;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use resilience_opentelemetry::register_metrics;
use resilience_runtime::CircuitBreaker;

/// The data points of all instruments. Each key consists of the name of the instrument and the attributes of the data
/// point.
type Values = BTreeMap<String, f64>;

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
fn collect(provider: &SdkMeterProvider, exporter: &InMemoryMetricExporter) -> Values {
    exporter.reset();
    provider.force_flush().unwrap();
    let mut values = Values::new();
    let mut add = |name: &str, attributes: Vec<&KeyValue>, value: f64| {
        let mut attributes: Vec<_> = attributes.iter().map(|pair| format!("{}={}", pair.key, pair.value)).collect();
        attributes.sort_unstable();
        values.insert(format!("{name}{{{}}}", attributes.join(",")), value);
    };
    for resource in exporter.get_finished_metrics().unwrap() {
        for metric in resource.scope_metrics().flat_map(ScopeMetrics::metrics) {
            match metric.data() {
                AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                    assert!(sum.is_monotonic());
                    sum.data_points().for_each(|point| {
                        add(metric.name(), point.attributes().collect(), point.value() as f64);
                    });
                }
                AggregatedMetrics::F64(MetricData::Sum(sum)) => sum.data_points().for_each(|point| {
                    add(metric.name(), point.attributes().collect(), point.value());
                }),
                AggregatedMetrics::F64(MetricData::Gauge(gauge)) => gauge.data_points().for_each(|point| {
                    add(metric.name(), point.attributes().collect(), point.value());
                }),
                other => panic!("{other:?}"),
            }
        }
    }
    values
}

#[test]
fn instruments_show_all_metrics_at_each_collection() {
    let exporter = InMemoryMetricExporter::default();
    let provider = SdkMeterProvider::builder().with_reader(PeriodicReader::builder(exporter.clone()).build()).build();
    register_metrics(&provider.meter("resilience"));
    let breaker = CircuitBreaker::builder("search").threshold(1).durations(true).register().unwrap();
    breaker.try_acquire().unwrap().failure();
    for rejected in [1.0, 2.0] {
        breaker.try_acquire().unwrap_err();
        let values = collect(&provider, &exporter);
        let get = |key: &str| values.get(key).copied();
        assert_eq!(get("resilience.circuit.calls{name=search,outcome=rejected}"), Some(rejected));
        assert_eq!(get("resilience.circuit.calls{name=search,outcome=failure}"), Some(1.0));
        assert_eq!(get("resilience.circuit.state{name=search,state=open}"), Some(1.0));
        assert_eq!(get("resilience.circuit.state{name=search,state=closed}"), Some(0.0));
        let transition = "resilience.circuit.transitions{from=closed,name=search,reason=threshold,to=open}";
        assert_eq!(get(transition), Some(1.0));
        assert_eq!(get("resilience.call.duration.bucket{le=+Inf,name=search,outcome=failure}"), Some(1.0));
        assert_eq!(get("resilience.call.duration.count{name=search,outcome=failure}"), Some(1.0));
        assert!(values["resilience.call.duration.sum{name=search,outcome=failure}"] < 60.0);
        assert_eq!(get(&format!("resilience.build{{version={}}}", env!("CARGO_PKG_VERSION"))), Some(1.0));
    }
    breaker.reset();
    let values = collect(&provider, &exporter);
    assert_eq!(values.get("resilience.circuit.state{name=search,state=open}"), Some(&0.0));
}
