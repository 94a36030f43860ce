//! Tests the metrics of layers with the option `key`.

use resilience_runtime::metrics::MetricsReader;
use resilience_runtime::{KeyedCircuits, bulkhead, circuit, rate_limit};
use support::Error;

use crate::parser::{Samples, read};

#[test]
fn keys_are_a_sum_for_each_name() {
    let circuits = KeyedCircuits::builder("keys::sum").threshold(1).register().unwrap();
    circuits.get("one").try_acquire().unwrap().failure();
    circuits.get("two").try_acquire().unwrap().success();
    circuits.get("three").try_acquire().unwrap().success();
    let samples = read();
    let get = |metric, label, value| samples.get(metric, &[("name", "keys::sum"), (label, value)]);
    assert_eq!(get("resilience_circuit_calls_total", "outcome", "success"), Some(2.0));
    assert_eq!(get("resilience_circuit_state", "state", "closed"), Some(2.0));
    assert_eq!(get("resilience_circuit_state", "state", "open"), Some(1.0));
    assert_eq!(samples.get("resilience_circuit_keys", &[("name", "keys::sum")]), Some(3.0));
    assert_eq!(samples.get("resilience_circuit_max_keys", &[("name", "keys::sum")]), Some(10_000.0));
    assert!(samples.by("resilience_circuit_key_calls_total", ("name", "keys::sum"), "key").is_empty());
}

#[test]
fn calls_of_evicted_keys_stay_in_the_sum() {
    let circuits = KeyedCircuits::builder("keys::evicted").threshold(1).max_keys(4).register().unwrap();
    let calls = |outcome| {
        let labels = [("name", "keys::evicted"), ("outcome", outcome)];
        read().get("resilience_circuit_calls_total", &labels)
    };
    for key in 0..50 {
        circuits.get(key).try_acquire().unwrap().success();
        assert_eq!(calls("success"), Some(f64::from(key + 1)));
    }
    assert_eq!(circuits.len(), 4);
    circuits.get(100).try_acquire().unwrap().failure();
    for key in 200..250 {
        circuits.get(key).try_acquire().unwrap().ignore();
    }
    assert_eq!((calls("success"), calls("failure"), calls("ignored")), (Some(50.0), Some(1.0), Some(50.0)));
    let labels = [("name", "keys::evicted"), ("from", "closed"), ("to", "open"), ("reason", "threshold")];
    assert_eq!(read().get("resilience_circuit_transitions_total", &labels), Some(1.0));
}

#[test]
fn sum_never_decreases_while_keys_are_evicted() {
    let circuits = KeyedCircuits::builder("keys::race").max_keys(64).register().unwrap();
    let labels = [("name", "keys::race"), ("outcome", "success")];
    let total = std::thread::scope(|scope| {
        let calls = scope.spawn(|| {
            (0..20_000).for_each(|key| circuits.get(key).try_acquire().unwrap().success());
        });
        let mut last = 0.0;
        while !calls.is_finished() {
            let now = read().get("resilience_circuit_calls_total", &labels).unwrap();
            assert!(now >= last, "{now} after {last}");
            last = now;
        }
        read().get("resilience_circuit_calls_total", &labels)
    });
    assert_eq!(total, Some(20_000.0));
}

#[test]
fn top_keys_are_those_with_most_failures_and_rejections() {
    let circuits = KeyedCircuits::builder("keys::top").threshold(100).register().unwrap();
    for (failures, key) in ["none", "one", "two \"x\"", "three"].into_iter().enumerate() {
        (0..failures).for_each(|_| circuits.get(key).try_acquire().unwrap().failure());
    }
    circuits.get("none").force_open();
    assert_eq!((0..5).filter(|_| circuits.get("none").try_acquire().is_err()).count(), 5);
    let keys = |top| {
        let text = Samples::of_prometheus(&MetricsReader::new().top_keys(top).prometheus_text());
        let mut keys = text.by("resilience_circuit_key_calls_total", ("name", "keys::top"), "key");
        keys.dedup_by(|one, other| one.0 == other.0);
        keys.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!(keys(0), [""; 0]);
    assert_eq!(keys(1), ["none"]);
    assert_eq!(keys(3), ["none", "three", "two \"x\""]);
    assert_eq!(keys(9), ["none", "one", "three", "two \"x\""]);
    let text = Samples::of_openmetrics(&MetricsReader::new().top_keys(9).openmetrics_text());
    let labels = [("name", "keys::top"), ("key", "none"), ("outcome", "rejected")];
    assert_eq!(text.get("resilience_circuit_key_calls_total", &labels), Some(5.0));
    let labels = [("name", "keys::top"), ("key", "none"), ("state", "forced_open")];
    assert_eq!(text.get("resilience_circuit_key_state", &labels), Some(1.0));
}

#[circuit(name = "keys::declared", key = key, max_keys = 7)]
#[bulkhead(name = "keys::slots", key = key, max = 3)]
#[rate_limit(name = "keys::rate", key = key, per_second = 1)]
async fn limited(key: &str) -> Result<(), Error> {
    let samples = read();
    assert_eq!(samples.get("resilience_bulkhead_in_flight", &[("name", "keys::slots")]), Some(1.0));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn limits_with_keys_are_a_sum_for_each_name() {
    assert_eq!(read().get("resilience_circuit_max_keys", &[("name", "keys::declared")]), Some(7.0));
    limited("one").await.unwrap();
    limited("two").await.unwrap();
    limited("two").await.unwrap_err();
    let samples = Samples::of_prometheus(&MetricsReader::new().top_keys(1).prometheus_text());
    for (name, layer, rejected) in [("keys::slots", "bulkhead", 0.0), ("keys::rate", "rate_limit", 1.0)] {
        let calls = format!("resilience_{layer}_calls_total");
        let admitted = 3.0 - rejected;
        assert_eq!(samples.get(&calls, &[("name", name), ("outcome", "admitted")]), Some(admitted), "{layer}");
        assert_eq!(samples.get(&calls, &[("name", name), ("outcome", "rejected")]), Some(rejected), "{layer}");
        assert_eq!(samples.get(&format!("resilience_{layer}_keys"), &[("name", name)]), Some(2.0));
        assert_eq!(samples.get(&format!("resilience_{layer}_max_keys"), &[("name", name)]), Some(10_000.0));
    }
    assert_eq!(samples.get("resilience_bulkhead_max", &[("name", "keys::slots")]), Some(3.0));
    let labels = [("name", "keys::rate"), ("key", "two"), ("outcome", "rejected")];
    assert_eq!(samples.get("resilience_rate_limit_key_calls_total", &labels), Some(1.0));
}

#[bulkhead(name = "keys::slots_beyond", key = key, max_keys = 1, max = 1)]
async fn occupies(key: u32) -> Result<(), Error> {
    tokio::task::yield_now().await;
    Ok(())
}

#[rate_limit(name = "keys::rate_beyond", limit = 1, per = 60, wait = 90, key = key, max_keys = 1)]
async fn paced(key: u32) -> Result<(), Error> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn calls_of_keys_beyond_max_keys_are_once_in_the_sum() {
    // `max_keys` is 1, and a running call prevents the eviction of key 1. The keys 2 and 3 therefore share one layer,
    // which rejects one call.
    let (one, two, three) = tokio::join!(occupies(1), occupies(2), occupies(3));
    assert!(one.is_ok() && two.is_ok() && three.is_err());
    paced(1).await.unwrap();
    let (one, two) = tokio::join!(paced(1), paced(2));
    assert!(one.is_ok() && two.is_ok());
    let samples = read();
    for (name, layer, calls) in
        [("keys::slots_beyond", "bulkhead", (2.0, 1.0)), ("keys::rate_beyond", "rate_limit", (3.0, 0.0))]
    {
        let get = |outcome| {
            samples.get(&format!("resilience_{layer}_calls_total"), &[("name", name), ("outcome", outcome)]).unwrap()
        };
        assert_eq!((get("admitted"), get("rejected")), calls, "{layer}");
    }
}
