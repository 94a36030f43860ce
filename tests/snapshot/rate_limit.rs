//! Tests rate limits that restore a snapshot.

use std::io;

use resilience_runtime::{get_stats, rate_limit, reset_all};
use serde_json::{Value, json};
use support::seconds;
use tokio::time::advance;

use crate::{alone, restored, taken, with_one};

#[rate_limit(name = "limit plain", limit = 6, per = "1m", burst = 3)]
fn ask() -> io::Result<()> {
    Ok(())
}

#[rate_limit(limit = 1, per = "1m")]
fn unnamed() -> io::Result<()> {
    Ok(())
}

#[rate_limit(name = "limit keyed", key = tenant, limit = 1, per = "1m", max_keys = 2)]
fn ask_for(tenant: u32) -> io::Result<u32> {
    Ok(tenant)
}

/// Resets all layers, and restores the state of one rate limit.
fn restart(kind: &str, name: &str, state: &Value) {
    reset_all();
    assert_eq!(restored(&with_one(kind, name, state)).restored, 1);
}

#[tokio::test(start_paused = true)]
async fn used_burst_is_used_after_restart() {
    let _alone = alone();
    assert_eq!(taken("rate_limits", "limit plain"), Value::Null);
    assert!(ask().is_ok() && ask().is_ok());
    advance(seconds(5)).await;
    let state = taken("rate_limits", "limit plain");
    assert_eq!(state, json!({ "full_in": 15 }));
    restart("rate_limits", "limit plain", &state);
    assert!(ask().is_ok() && ask().is_err(), "one of three tokens was left");
    advance(seconds(5)).await;
    assert!(ask().is_ok() && ask().is_err());
}

#[tokio::test(start_paused = true)]
async fn wait_of_another_rate_is_at_most_a_whole_burst() {
    let _alone = alone();
    restart("rate_limits", "limit plain", &json!({ "full_in": 86_400 }));
    assert!(ask().is_err());
    advance(seconds(10)).await;
    assert!(ask().is_ok() && ask().is_err());
    reset_all();
}

#[tokio::test(start_paused = true)]
async fn layer_without_name_is_found_by_its_function() {
    let _alone = alone();
    assert!(unnamed().is_ok());
    let label = concat!(module_path!(), "::unnamed");
    let state = taken("rate_limits", label);
    assert_eq!(state, json!({ "full_in": 60 }));
    restart("rate_limits", label, &state);
    assert!(unnamed().is_err());
}

#[rate_limit(limit = 1, per = "1m")]
fn not_called() -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn layer_without_name_continues_before_its_first_call() {
    let _alone = alone();
    let label = concat!(module_path!(), "::not_called");
    assert_eq!(restored(&with_one("rate_limits", label, &json!({ "full_in": 60 }))).restored, 1);
    assert!(not_called().is_err());
}

#[tokio::test(start_paused = true)]
async fn keys_of_rate_limit_continue() {
    let _alone = alone();
    assert!(ask_for(1).is_ok());
    let states = taken("keyed_rate_limits", "limit keyed");
    assert_eq!(states, json!({ "1": { "full_in": 60 } }));
    restart("keyed_rate_limits", "limit keyed", &states);
    assert!(ask_for(1).is_err() && ask_for(2).is_ok());
}

#[rate_limit(name = "limit beyond", key = tenant, limit = 1, per = "1m", wait = "2m", max_keys = 1)]
async fn wait_for(tenant: u32) -> io::Result<u32> {
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn rate_limit_beyond_max_keys_is_left_out() {
    let _alone = alone();
    wait_for(1).await.unwrap();
    // The waiting call `wait_for(1)` holds the only key that `max_keys` allows, so the keys 2 and 3 share a rate limit.
    let (one, others) = tokio::join!(wait_for(1), async {
        wait_for(2).await?;
        wait_for(3).await
    });
    assert!(one.is_ok() && others.is_ok());
    assert_eq!(get_stats().rate_limits["limit beyond[…]"].total_admitted, 2);
    let states = taken("keyed_rate_limits", "limit beyond");
    assert_eq!(states.as_object().unwrap().keys().collect::<Vec<_>>(), ["1"]);
}

#[rate_limit(name = "limit declared", key = tenant, limit = 1, per = "1m", max_keys = 2)]
fn declared_for(tenant: u32) -> io::Result<u32> {
    Ok(tenant)
}

#[tokio::test(start_paused = true)]
async fn keys_beyond_max_keys_are_dropped_before_first_call() {
    let _alone = alone();
    let state = || json!({ "full_in": 60 });
    let states = json!({ "1": state(), "2": state(), "3": state(), "4": state(), "5": state() });
    let report = restored(&with_one("keyed_rate_limits", "limit declared", &states));
    assert_eq!((report.restored, report.waiting, report.dropped), (2, 0, 3));
    assert_eq!((1..=5).filter(|tenant| declared_for(*tenant).is_err()).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn unknown_rate_limit_waits() {
    let _alone = alone();
    let report = restored(&with_one("rate_limits", "limit unknown", &json!({ "full_in": 60 })));
    assert_eq!((report.restored, report.waiting), (0, 1));
    advance(seconds(20)).await;
    assert_eq!(taken("rate_limits", "limit unknown"), json!({ "full_in": 40 }));
    advance(seconds(40)).await;
    assert_eq!(taken("rate_limits", "limit unknown"), Value::Null);
}
