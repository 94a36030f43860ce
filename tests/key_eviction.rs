//! Eviction above `max_keys`: which keys stay.
//!
//! These tests need a process of their own, because one of them resets all circuits. They run one at a time, because
//! the stats of another test would keep keys in use.

use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitState, circuit, get_circuit, get_circuit_stats, reset_all_circuits};
use tokio::sync::Mutex;

static ALONE: Mutex<()> = Mutex::const_new(());

#[circuit(name = "key_eviction::few", key = key, max_keys = 3, threshold = 1)]
async fn few(key: u32, works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

/// Returns the names of the circuits of `few`.
fn known() -> Vec<String> {
    get_circuit_stats().into_keys().filter(|name| name.starts_with("key_eviction::few[")).collect()
}

#[tokio::test(start_paused = true)]
async fn idle_keys_are_evicted_and_open_keys_stay() {
    let _alone = ALONE.lock().await;
    few(0, false).await.unwrap_err();
    for key in 1..1000 {
        few(key, true).await.unwrap();
        assert!(known().len() <= 3, "{:?}", known());
    }
    assert_eq!(
        get_circuit("key_eviction::few[0]").unwrap().state(),
        CircuitState::Open,
        "an open circuit is not evicted"
    );
    for key in [1000, 1001] {
        few(key, false).await.unwrap_err();
    }
    assert_eq!(known(), ["key_eviction::few[0]", "key_eviction::few[1000]", "key_eviction::few[1001]"]);
    few(7, false).await.unwrap_err();
    few(7, true).await.unwrap();
    assert_eq!(known().len(), 3, "without an idle key, a new key has a temporary circuit");

    reset_all_circuits();
    for _ in 0..20 {
        few(8, true).await.unwrap();
    }
    assert!(known().contains(&"key_eviction::few[8]".to_owned()), "{:?}", known());
}

#[circuit(name = "key_eviction::recent", key = key, max_keys = 64)]
async fn recent(key: u32) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn recently_used_keys_stay() {
    let _alone = ALONE.lock().await;
    for key in (0..64).chain([3, 64]) {
        recent(key).await.unwrap();
    }
    let successes = |key| Some(get_circuit(&format!("key_eviction::recent[{key}]"))?.stats().successes);
    assert_eq!(successes(3), Some(2));
    assert!((40..=64).all(|key| successes(key) == Some(1)));
    assert!((4..32).all(|key| successes(key).is_none()));
}

/// Returns the number of circuits of a family.
fn count(family: &str) -> usize {
    get_circuit_stats().keys().filter(|name| name.starts_with(family)).count()
}

#[circuit(name = "key_eviction::hot", key = key, max_keys = 64)]
async fn hot(key: u32) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn one_new_key_does_not_empty_the_table() {
    let _alone = ALONE.lock().await;
    for key in (0..64).cycle().take(320).chain([64]) {
        hot(key).await.unwrap();
    }
    assert!(count("key_eviction::hot[") > 32, "{}", count("key_eviction::hot["));
}

#[circuit(name = "key_eviction::looked", key = key, max_keys = 4)]
async fn looked(key: u32) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn get_circuit_does_not_refresh_key() {
    let _alone = ALONE.lock().await;
    for key in 0..4 {
        looked(key).await.unwrap();
    }
    let look = |key: u32| get_circuit(&format!("key_eviction::looked[{key}]"));
    for key in 0..3 {
        assert_eq!(look(key).unwrap().state(), CircuitState::Closed);
    }
    looked(4).await.unwrap();
    assert!(look(3).is_some(), "the last key before the new one stays");
}

#[circuit(name = "key_eviction::alike", key = host)]
async fn alike(host: &str) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn keys_with_equal_endings_spread_over_the_table() {
    let _alone = ALONE.lock().await;
    for host in 0..5000 {
        alike(&format!("host{host}.example.com")).await.unwrap();
    }
    assert_eq!(count("key_eviction::alike["), 5000);
}

#[circuit(name = "key_eviction::forgotten", key = key, max_keys = 4, threshold = 2, window = 10)]
async fn forgotten(key: u32) -> io::Result<()> {
    Err(io::Error::other(key.to_string()))
}

#[tokio::test(start_paused = true)]
async fn failure_outside_window_does_not_keep_key() {
    let _alone = ALONE.lock().await;
    for key in 0..4 {
        forgotten(key).await.unwrap_err();
    }
    tokio::time::advance(Duration::from_secs(3600)).await;
    for _ in 0..2 {
        forgotten(7).await.unwrap_err();
    }
    assert_eq!(get_circuit("key_eviction::forgotten[7]").unwrap().state(), CircuitState::Open);
}

#[circuit(name = "key_eviction::slow", key = key, max_keys = 4, slow_call = 1, slow_rate = 0.5, min_calls = 2, calls = 10)]
async fn slow(key: u32, seconds: u64) -> io::Result<()> {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn key_with_slow_calls_is_not_evicted() {
    let _alone = ALONE.lock().await;
    for (key, seconds) in [(0, 5)].into_iter().chain((1..20).map(|key| (key, 0))).chain([(0, 5)]) {
        slow(key, seconds).await.unwrap();
    }
    assert_eq!(get_circuit("key_eviction::slow[0]").unwrap().state(), CircuitState::Open);
}

#[circuit(name = "key_eviction::joined", key = key, threshold = 1)]
async fn without(key: u32) -> io::Result<()> {
    Err(io::Error::other(key.to_string()))
}

#[circuit(name = "key_eviction::joined", key = key, max_keys = 32)]
async fn with_max_keys(key: u32) -> io::Result<()> {
    Err(io::Error::other(key.to_string()))
}

#[tokio::test]
async fn max_keys_of_a_later_function_applies() {
    let _alone = ALONE.lock().await;
    without(0).await.unwrap_err();
    for key in 1..200 {
        with_max_keys(key).await.unwrap_err();
    }
    assert!((16..=32).contains(&count("key_eviction::joined[")), "{}", count("key_eviction::joined["));
}

#[circuit(name = "key_eviction::patient", key = key, max_keys = 60, threshold = 2)]
async fn patient(key: u32, works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[tokio::test]
async fn new_key_has_circuit_once_others_are_idle() {
    let _alone = ALONE.lock().await;
    for key in 0..61 {
        patient(key, false).await.unwrap_err();
    }
    for key in 0..60 {
        patient(key, true).await.unwrap();
    }
    for _ in 0..10 {
        let _ = patient(99, false).await;
    }
    assert_eq!(get_circuit("key_eviction::patient[99]").unwrap().state(), CircuitState::Open);
}
