//! Tests snapshots with wrong contents. The library must refuse such a snapshot, and restore no part of it.

use std::fmt::Write;

use resilience_runtime::{CircuitBreaker, CircuitState, RestoreError, Snapshot, restore};
use serde_json::json;

use crate::{alone, with_one};

/// Returns the error with which the library refuses the snapshot `json`.
fn refusal(json: &str) -> String {
    serde_json::from_str::<Snapshot>(json).expect_err(json).to_string()
}

#[test]
fn wrong_value_is_refused_with_the_allowed_range() {
    let state = |fields: &str| format!(r#"{{"version":1,"circuits":{{"x":{{"state":"open",{fields}}}}}}}"#);
    let time = "a number of seconds, from 0 to 584 years";
    for (fields, reason) in [
        (r#""cooldown_remaining":-1"#, time),
        (r#""cooldown_remaining":-0.5"#, time),
        (r#""cooldown_remaining":1e300"#, time),
        (r#""cooldown_remaining":18446744073709551615"#, time),
        (r#""cooldown_remaining":"30""#, time),
        (r#""retry_after":[]"#, time),
        (r#""failures":-1"#, "u32"),
        (r#""failures":4294967296"#, "u32"),
        (r#""failures":2.5"#, "u32"),
        (r#""openings":65536"#, "u16"),
        (r#""jitter_draw":99999999999"#, "u16"),
        (r#""last_failure":"yesterday""#, "a time such as"),
        (r#""last_failure":"2026-02-30T00:00:00+00:00""#, "a time such as"),
        (r#""last_failure":"2026-02-28T24:00:00+00:00""#, "a time such as"),
        (r#""last_failure":"9000-01-01T00:00:00+00:00""#, "after the year 2514"),
        (r#""window":{}"#, "a window needs"),
        (r#""window":{"calls":"..x"}"#, "the characters"),
        (r#""window":{"bucket":1,"elapsed":0,"counts":[[1,2]]}"#, "invalid length 2"),
        (r#""window":{"bucket":1,"elapsed":0,"counts":[[1,2,18446744073709551615]]}"#, "below 2^56"),
        (r#""state":"closed""#, "duplicate field `state`"),
        (r#""state":"ajar""#, "duplicate field"),
    ] {
        let error = refusal(&state(fields));
        assert!(error.contains(reason), "{fields}: {error}");
    }
    for (json, reason) in [
        ("[]", "a snapshot"),
        ("{}", "missing field `version`"),
        (r#"{"version":"1"}"#, "u32"),
        (r#"{"version":1,"version":1}"#, "two fields \"version\""),
        (r#"{"version":1,"circuits":[]}"#, "an object with a state for each name"),
        (r#"{"version":1,"circuits":{"x":{}}}"#, "missing field `state`"),
        (r#"{"version":1,"circuits":{"x":{"state":"ajar"}}}"#, "closed, open, half_open"),
        (r#"{"version":1,"circuits":{"x":{"state":"open"},"x":{"state":"closed"}}}"#, "two states for \"x\""),
        (r#"{"version":1,"circuits":{" ":{"state":"open"}}}"#, "the blank name \" \""),
        (r#"{"version":1,"keyed_circuits":{"x":{"state":"open"}}}"#, "the state of a circuit"),
        (r#"{"version":1,"rate_limits":{"x":{}}}"#, "missing field `full_in`"),
    ] {
        let error = refusal(json);
        assert!(error.contains(reason), "{json}: {error}");
    }
}

#[test]
fn forged_size_is_refused() {
    let eleven = json!({ "state": "closed", "window": { "bucket": 1, "elapsed": 0, "counts": vec![[1, 1, 1]; 11] } });
    assert!(refusal(&with_one("circuits", "x", &eleven).to_string()).contains("at most 10 lists"));
    let calls = json!({ "state": "closed", "window": { "calls": ".".repeat(65_536) } });
    assert!(refusal(&with_one("circuits", "x", &calls).to_string()).contains("at most 65535"));
    let long = with_one("circuits", &"x".repeat(1_025), &json!({ "state": "open" }));
    assert!(refusal(&long.to_string()).contains("a name of 1025 bytes"));

    // The limit of 1,000,000 states in a snapshot applies to circuits and rate limits together.
    let mut json = r#"{"version":1,"keyed_circuits":{"x":{"#.to_owned();
    (0..999_999).for_each(|key| write!(json, r#""{key}":{{"state":"open"}},"#).unwrap());
    json.truncate(json.len() - 1);
    json.push_str(r#"}},"rate_limits":{"a":{"full_in":1}"#);
    let full: Snapshot = serde_json::from_str(&format!("{json}}}}}")).unwrap();
    assert_eq!(full.len(), 1_000_000);
    assert!(refusal(&format!(r#"{json},"b":{{"full_in":1}}}}}}"#)).contains("more than 1000000"));
}

#[test]
fn other_version_is_refused_and_changes_nothing() {
    let _alone = alone();
    let breaker = CircuitBreaker::builder("forged version").register().unwrap();
    for json in [
        // If the first field of the JSON is an unknown version, the other fields may have any contents.
        r#"{"version":2,"circuits":[1,2,3]}"#,
        r#"{"circuits":{"forged version":{"state":"open","cooldown_remaining":9}},"version":2}"#,
    ] {
        let snapshot: Snapshot = serde_json::from_str(json).unwrap();
        assert_eq!(snapshot.version(), 2);
        let error = restore(snapshot).unwrap_err();
        assert_eq!(error.to_string(), "the snapshot has version 2, but this program reads version 1");
        assert!(matches!(error, RestoreError::Version { found: 2, supported: 1, .. }));
        assert_eq!(breaker.state(), CircuitState::Closed);
    }
}

#[test]
fn unknown_field_is_skipped() {
    let _alone = alone();
    let breaker = CircuitBreaker::builder("forged field").register().unwrap();
    let json = r#"{"version":1,"moods":[7],"circuits":{"forged field":{"mood":{},"state":"forced_open"}}}"#;
    assert_eq!(restore(serde_json::from_str(json).unwrap()).unwrap().restored, 1);
    assert_eq!(breaker.state(), CircuitState::ForcedOpen);
}

#[tokio::test(start_paused = true)]
async fn extreme_values_do_not_overflow() {
    let _alone = alone();
    let most = (1_u64 << 56) - 1;
    let counts = json!({ "bucket": 1e10, "elapsed": 1.8e10, "counts": vec![[most; 3]; 10] });
    let state = json!({
        "state": "open", "cooldown_remaining": 1.8e10, "retry_after": 1.8e10, "openings": 65_535,
        "failures": u32::MAX, "jitter_draw": u16::MAX, "window": counts,
    });
    for (name, window) in [("forged window", true), ("forged row", false)] {
        let builder = CircuitBreaker::builder(name).cooldown_factor(9.0).cooldown_jitter(1.0);
        let builder = if window { builder.threshold(3).window(support::seconds(60)) } else { builder };
        let breaker = builder.register().unwrap();
        crate::restored(&with_one("circuits", name, &state));
        assert!(breaker.stats().cooldown_remaining <= support::seconds(3600));
        tokio::time::advance(support::seconds(3600)).await;
        breaker.try_acquire().unwrap().failure();
        breaker.reset();
        let closed = json!({ "state": "closed", "failures": u32::MAX, "window": state["window"] });
        crate::restored(&with_one("circuits", name, &closed));
        breaker.try_acquire().unwrap().success();
        breaker.try_acquire().unwrap().failure();
        breaker.stats();
    }
}
