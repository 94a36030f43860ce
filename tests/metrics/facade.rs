//! Tests the feature `metrics`, which passes the metrics to the recorder of the crate `metrics`.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::Duration;

use metrics::{
    Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit, set_default_local_recorder,
    with_local_recorder,
};
use resilience_runtime::CircuitBreaker;
use resilience_runtime::metrics::{export, export_every};
use support::seconds;
use tokio::time::{advance, sleep};

/// A recorder that stores a counter as an integer, and a gauge as the bits of an `f64`.
#[derive(Default)]
struct Kept {
    numbers: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    descriptions: Mutex<BTreeMap<String, String>>,
}

impl Kept {
    fn number(&self, key: &Key) -> Arc<AtomicU64> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        self.numbers.lock().unwrap().entry(name).or_default().clone()
    }

    fn count(&self, key: &str) -> Option<u64> {
        self.numbers.lock().unwrap().get(key).map(|number| number.load(Ordering::Relaxed))
    }

    fn gauge(&self, key: &str) -> Option<f64> {
        self.count(key).map(f64::from_bits)
    }

    fn describe(&self, key: &KeyName, description: SharedString) {
        self.descriptions.lock().unwrap().insert(key.as_str().to_owned(), description.into_owned());
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, key: KeyName, _: Option<Unit>, description: SharedString) {
        self.describe(&key, description);
    }

    fn describe_gauge(&self, key: KeyName, _: Option<Unit>, description: SharedString) {
        self.describe(&key, description);
    }

    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key))
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

#[tokio::test(start_paused = true)]
async fn export_sets_counters_gauges_and_buckets() {
    let breaker = CircuitBreaker::builder("facade::all").threshold(1).durations(true).register().unwrap();
    let call = breaker.try_acquire().unwrap();
    advance(seconds(2)).await;
    call.failure();
    let kept = Kept::default();
    for _ in 0..2 {
        breaker.try_acquire().unwrap_err();
        with_local_recorder(&kept, export);
    }
    let calls = |outcome| kept.count(&format!("resilience_circuit_calls_total{{name=facade::all,outcome={outcome}}}"));
    assert_eq!((calls("rejected"), calls("failure"), calls("success")), (Some(2), Some(1), Some(0)));
    assert_eq!(kept.gauge("resilience_circuit_state{name=facade::all,state=open}"), Some(1.0));
    let labels = "name=facade::all,outcome=failure";
    let bucket = |bound| kept.count(&format!("resilience_call_duration_seconds_bucket{{{labels},le={bound}}}"));
    assert_eq!((bucket("1.0"), bucket("2.5"), bucket("+Inf")), (Some(0), Some(1), Some(1)));
    assert_eq!(kept.count(&format!("resilience_call_duration_seconds_count{{{labels}}}")), Some(1));
    assert_eq!(kept.gauge(&format!("resilience_call_duration_seconds_sum{{{labels}}}")), Some(2.0));
    let descriptions = kept.descriptions.lock().unwrap();
    assert_eq!(descriptions["resilience_circuit_calls_total"], "Calls of a circuit, by outcome.");
}

#[tokio::test(start_paused = true)]
async fn export_every_exports_at_once_and_after_each_pause() {
    let breaker = CircuitBreaker::builder("facade::every").register().unwrap();
    breaker.try_acquire().unwrap().success();
    let kept = Kept::default();
    let _recorder = set_default_local_recorder(&kept);
    let calls = || kept.count("resilience_circuit_calls_total{name=facade::every,outcome=success}");
    let watch = async {
        sleep(Duration::from_millis(500)).await;
        assert_eq!(calls(), Some(1));
        breaker.try_acquire().unwrap().success();
        sleep(Duration::from_millis(400)).await;
        assert_eq!(calls(), Some(1));
        sleep(Duration::from_millis(200)).await;
        assert_eq!(calls(), Some(2));
    };
    tokio::select! {
        () = export_every(seconds(1)) => unreachable!("the future never ends"),
        () = watch => {}
    }
}

#[tokio::test(start_paused = true)]
async fn export_every_without_pause_lets_other_tasks_run() {
    tokio::select! {
        () = export_every(Duration::ZERO) => unreachable!("the future never ends"),
        () = sleep(seconds(1)) => {}
    }
}

#[test]
#[should_panic(expected = "runtime")]
fn export_every_panics_outside_a_runtime() {
    let mut exports = pin!(export_every(seconds(1)));
    let _ = exports.as_mut().poll(&mut Context::from_waker(Waker::noop()));
}
