//! Tests which circuits stay in the registry (the list of all circuits) if calls use more than `max_keys` keys. Each
//! value of the option `key` has a circuit of its own.
//!
//! These tests need a process of their own, because one test resets all circuits. The tests run one at a time. While a
//! test reads the statistics, all circuits are in use for a moment, and the registry removes no circuit in use.

use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitState, circuit, get_circuit, get_circuit_stats, reset_all_circuits};
use tokio::sync::Mutex;

static ALONE: Mutex<()> = Mutex::const_new(());

#[circuit(name = "key_eviction::few", key = key, max_keys = 3, threshold = 1)]
async fn few(key: u32, works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

fn known() -> Vec<String> {
    get_circuit_stats().into_keys().filter(|name| name.starts_with("key_eviction::few[")).collect()
}

#[tokio::test(start_paused = true)]
async fn closed_keys_are_evicted_before_open_keys() {
    let _alone = ALONE.lock().await;
    few(0, false).await.unwrap_err();
    for key in 1..1000 {
        few(key, true).await.unwrap();
        assert!(known().len() <= 3, "{:?}", known());
    }
    assert_eq!(
        get_circuit("key_eviction::few[0]").unwrap().state(),
        CircuitState::Open,
        "closed circuits are evicted first"
    );
    for key in [1000, 1001] {
        few(key, false).await.unwrap_err();
    }
    assert_eq!(known(), ["key_eviction::few[0]", "key_eviction::few[1000]", "key_eviction::few[1001]"]);
    few(7, false).await.unwrap_err();
    assert_eq!(
        known(),
        ["key_eviction::few[1000]", "key_eviction::few[1001]", "key_eviction::few[7]"],
        "of open circuits, the least recently used is evicted"
    );
    few(7, true).await.unwrap_err();

    get_circuit("key_eviction::few[1000]").unwrap().force_open();
    for key in 2000..2010 {
        few(key, false).await.unwrap_err();
    }
    assert!(known().contains(&"key_eviction::few[1000]".to_owned()), "a manual state is evicted last: {:?}", known());

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
    // Each round uses the keys 0 to 31, and then a new key. At most 64 keys have a circuit. When this limit is reached,
    // each new key must evict the new key of an earlier round. The keys 0 to 31 must stay.
    for round in 0..1000 {
        for key in (0..32).chain([1000 + round]) {
            recent(key).await.unwrap();
        }
    }
    let is_known = |key: &u32| get_circuit(&format!("key_eviction::recent[{key}]")).is_some();
    assert!((0..32).all(|key| is_known(&key)));
    assert_eq!(count("key_eviction::recent["), 64);
}

#[circuit(name = "key_eviction::oldest", key = key, max_keys = 16)]
async fn oldest(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[tokio::test]
async fn least_recently_used_of_sixteen_keys_is_evicted() {
    let _alone = ALONE.lock().await;
    let order = [3, 9, 1, 14, 0, 7, 15, 2, 8, 5, 12, 4, 11, 6, 13, 10];
    for key in (0..16).chain(order) {
        oldest(key).await.unwrap();
    }
    for (evicted, new) in order.into_iter().zip(100..) {
        oldest(new).await.unwrap();
        let is_known = |key: &u32| get_circuit(&format!("key_eviction::oldest[{key}]")).is_some();
        assert!(!is_known(&evicted) && is_known(&new), "{evicted}");
        assert_eq!(count("key_eviction::oldest["), 16);
    }
}

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
    assert_eq!(count("key_eviction::hot["), 64);
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
    assert_eq!(look(0).unwrap().state(), CircuitState::Closed);
    looked(4).await.unwrap();
    assert!(look(0).is_none(), "the first key is the least recently used");
    assert!((1..5).all(|key| look(key).is_some()));
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

#[circuit(name = "key_eviction::hosts", key = host, max_keys = 64)]
async fn hosts(host: u32, works: bool) -> io::Result<()> {
    let _ = host;
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[tokio::test(start_paused = true)]
async fn failed_keys_do_not_switch_protection_off() {
    let _alone = ALONE.lock().await;
    for host in 0..64 {
        hosts(host, false).await.unwrap_err();
    }
    tokio::time::advance(Duration::from_secs(365 * 24 * 3600)).await;
    for _ in 0..3 {
        hosts(64, false).await.unwrap_err();
    }
    assert_eq!(get_circuit("key_eviction::hosts[64]").unwrap().state(), CircuitState::Open);
    assert_eq!(count("key_eviction::hosts["), 64);
    for host in (0..64).chain(65..1000) {
        hosts(host, true).await.unwrap();
    }
    assert_eq!(get_circuit("key_eviction::hosts[64]").unwrap().state(), CircuitState::Open, "one key of 64 is open");
}

#[circuit(name = "key_eviction::ten_thousand", key = key)]
async fn ten_thousand(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[tokio::test]
async fn limit_is_exact_over_the_family() {
    let _alone = ALONE.lock().await;
    let known = || count("key_eviction::ten_thousand[");
    for key in 0..9000 {
        ten_thousand(key).await.unwrap();
    }
    assert_eq!(known(), 9000);
    for key in 9000..10_000 {
        ten_thousand(key).await.unwrap();
    }
    assert_eq!(known(), 10_000);
    for key in 10_000..12_000 {
        ten_thousand(key).await.unwrap();
    }
    assert_eq!(known(), 10_000);
}

#[circuit(name = "key_eviction::crowd", key = key, max_keys = 200)]
async fn crowd(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[test]
fn limit_is_exact_with_many_threads() {
    let _alone = ALONE.blocking_lock();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for key in 0..2000 {
                    // All threads use the same even keys. Each thread has odd keys of its own.
                    runtime.block_on(crowd(if key % 2 == 0 { key } else { key + 10_000 * thread })).unwrap();
                }
            });
        }
    });
    assert_eq!(count("key_eviction::crowd["), 200);
}

#[circuit(name = "key_eviction::busy", key = key, max_keys = 200)]
async fn busy(key: u32) -> io::Result<()> {
    let _ = key;
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(())
}

/// Lets every spawned task run up to its first wait.
async fn run_all() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn keys_with_calls_in_flight_stay() {
    let _alone = ALONE.lock().await;
    let mut calls: Vec<_> = (0..199).map(|key| tokio::spawn(busy(key))).collect();
    run_all().await;
    for key in 1000..1100 {
        let call = tokio::spawn(busy(key));
        run_all().await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        assert_eq!(count("key_eviction::busy["), 200, "{key}: the only idle key makes room");
    }
    let is_known = |key: u32| get_circuit(&format!("key_eviction::busy[{key}]")).is_some();
    assert!((0..199).all(is_known));
    // Each of the 200 stored keys has a running call, so the registry can remove no key. The circuit of a new key
    // therefore serves one call only, and is not stored.
    calls.push(tokio::spawn(busy(199)));
    run_all().await;
    busy(2000).await.unwrap();
    assert!((0..200).all(is_known) && !is_known(2000));
    for call in calls {
        call.await.unwrap().unwrap();
    }
    busy(2000).await.unwrap();
    assert!(is_known(2000), "some keys are idle now");
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
async fn max_keys_of_another_function_applies() {
    let _alone = ALONE.lock().await;
    without(0).await.unwrap_err();
    for key in 1..200 {
        with_max_keys(key).await.unwrap_err();
    }
    assert_eq!(count("key_eviction::joined["), 32);
}
