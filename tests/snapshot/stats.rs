//! Tests the statistics of all layers in JSON.

use std::io;
use std::time::Duration;

use resilience_runtime::{
    CircuitBreaker, CircuitState, RetryBudget, TokenBucket, bulkhead, circuit, fallback, get_circuit_stats, get_stats,
    hedge, rate_limit, retry, timeout,
};
use serde_json::{Value, json};

use crate::alone;

#[fallback(name = "stats layer", value = 0)]
#[retry(name = "stats layer", max = 2, delay = 0)]
#[circuit(name = "stats layer")]
#[timeout(1.5, name = "stats layer")]
#[bulkhead(name = "stats layer", max = 3)]
#[rate_limit(name = "stats layer", per_second = 100)]
async fn ask() -> io::Result<u32> {
    Err(io::ErrorKind::TimedOut.into())
}

#[hedge(name = "stats layer", after = "250ms")]
async fn read() -> io::Result<u32> {
    Ok(7)
}

#[tokio::test(start_paused = true)]
async fn statistics_of_every_layer_are_objects_by_name() {
    let _alone = alone();
    assert_eq!((ask().await.unwrap(), read().await.unwrap()), (0, 7));
    let all = serde_json::to_value(get_stats()).unwrap();
    let of = |layers: &str| all[layers]["stats layer"].clone();
    assert_eq!(of("circuits")["failures"], 2);
    assert_eq!(
        of("retries"),
        json!({
            "total_first_successes": 0, "total_recovered": 0, "total_exhausted": 1, "total_gave_up": {},
            "total_attempts": 2, "total_retries": 1, "total_granted": 0, "total_denied": 0,
        })
    );
    assert_eq!(of("timeouts"), json!({ "after": 1.5, "total_timed_out": 0, "total_by_deadline": 0 }));
    let bulkhead = json!({ "max": 3, "in_use": 0, "waiting": 0, "total_admitted": 2, "total_rejected": 0 });
    assert_eq!(of("bulkheads"), bulkhead);
    assert_eq!(of("rate_limits"), json!({ "waiting": 0, "total_admitted": 2, "total_rejected": 0 }));
    assert_eq!(of("fallbacks"), json!({ "total_fell_back": 1, "total_failed": 0 }));
    let hedge = json!({ "after": 0.25, "max": 2, "total_attempts": 1, "total_won_by_hedge": 0, "total_denied": 0 });
    assert_eq!(of("hedges"), hedge);
    for layers in ["families", "keyed_bulkheads", "keyed_rate_limits"] {
        assert!(all[layers].is_object(), "{layers}");
    }
}

#[test]
fn every_state_has_the_name_of_its_display() {
    use CircuitState::{Closed, Disabled, ForcedOpen, HalfOpen, Open};
    for state in [Closed, Open, HalfOpen, ForcedOpen, Disabled] {
        let json = serde_json::to_value(state).unwrap();
        assert_eq!(json, state.to_string());
        assert_eq!(serde_json::from_value::<CircuitState>(json).unwrap(), state);
    }
    let error = serde_json::from_str::<CircuitState>("\"half-open\"").unwrap_err().to_string();
    assert!(error.contains("closed, open, half_open, forced_open or disabled"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn rest_of_cooldown_is_rounded_up_to_whole_seconds() {
    let _alone = alone();
    let breaker = CircuitBreaker::builder("stats rounded").cooldown(Duration::from_millis(1_250)).register().unwrap();
    breaker.trip();
    for (passed, remaining) in [(0, 2), (249, 2), (1, 1), (999, 1), (1, 0)] {
        tokio::time::advance(Duration::from_millis(passed)).await;
        let stats = &serde_json::to_value(get_circuit_stats()).unwrap()["stats rounded"];
        assert_eq!((&stats["cooldown_remaining"], &stats["cooldown"]), (&json!(remaining), &json!(1.25)));
        assert_eq!((&stats["last_failure"], &stats["state"]), (&Value::Null, &json!(breaker.state())));
    }
}

#[test]
fn budget_serializes_its_counts() {
    let budget = RetryBudget::bucket(TokenBucket { capacity: 7, ..TokenBucket::DEFAULT });
    budget.try_retry(resilience_runtime::RetryCost::Failure);
    budget.try_retry(resilience_runtime::RetryCost::Failure);
    assert_eq!(serde_json::to_value(budget.stats()).unwrap(), json!({ "tokens": 2, "granted": 1, "denied": 1 }));
}
