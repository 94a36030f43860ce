//! Compares serialized statistics with JSON from a circuit breaker in Python. This breaker is a part of the project's
//! original specification. The script `record.py` writes the file `python.tsv`, and documents the format of this file.

use std::time::{Duration, UNIX_EPOCH};

use resilience_runtime::{CircuitBreaker, CircuitState};

type Values = (String, CircuitState, u64, u64, u32, u64, u64, Option<u64>, Option<u64>);

#[test]
fn first_nine_keys_are_the_text_of_python() {
    let breaker = CircuitBreaker::builder("python").build().unwrap();
    let mut stats = breaker.stats();
    let mut lines = 0;
    for line in include_str!("python.tsv").lines() {
        let (values, python) = line.split_once('\t').unwrap();
        let (name, circuit, failures, successes, threshold, cooldown, left, failed, succeeded): Values =
            serde_json::from_str(values).unwrap();
        let time = |micros: Option<u64>| micros.map(|micros| UNIX_EPOCH + Duration::from_micros(micros));
        (stats.name, stats.state, stats.failures, stats.successes) = (name, circuit, failures, successes);
        (stats.threshold, stats.cooldown) = (threshold, Duration::from_nanos(cooldown));
        stats.cooldown_remaining = Duration::from_nanos(left);
        (stats.last_failure, stats.last_success) = (time(failed), time(succeeded));
        let ours = serde_json::to_string(&stats).unwrap();
        let nine = python.strip_suffix('}').unwrap();
        assert_eq!(ours.get(..nine.len()), Some(nine));
        assert!(ours[nine.len()..].starts_with(",\"window_total\":0,"), "{ours}");
        lines += 1;
    }
    assert_eq!(lines, 400, "the file is complete");
}
