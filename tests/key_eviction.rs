//! Tests which circuits the registry (the list of all circuits) evicts if calls use more than `max_keys` keys. Each
//! value of the option `key` has a circuit of its own.
//!
//! Each test is isolated, so the registry contains only the circuits of one test. In a shared registry, a test that
//! reads the statistics would briefly use the circuits of all other tests, and prevent their eviction.

use std::io;
use std::time::Duration;

use resilience_runtime::{assert_circuit, circuit, get_circuit, get_circuit_stats, reset_all_circuits, testing};

#[circuit(name = "few", key = key, max_keys = 3, threshold = 1)]
async fn few(key: u32, works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

fn known() -> Vec<String> {
    get_circuit_stats().into_keys().collect()
}

#[resilience_runtime::test]
async fn closed_keys_are_evicted_before_open_keys() {
    few(0, false).await.unwrap_err();
    for key in 1..1000 {
        few(key, true).await.unwrap();
        assert!(known().len() <= 3, "{:?}", known());
    }
    assert_circuit!("few[0]", Open);
    for key in [1000, 1001] {
        few(key, false).await.unwrap_err();
    }
    assert_eq!(known(), ["few[0]", "few[1000]", "few[1001]"]);
    few(7, false).await.unwrap_err();
    assert_eq!(known(), ["few[1000]", "few[1001]", "few[7]"], "of open circuits, the least recently used is evicted");
    few(7, true).await.unwrap_err();

    get_circuit("few[1000]").unwrap().force_open();
    for key in 2000..2010 {
        few(key, false).await.unwrap_err();
    }
    assert!(known().contains(&"few[1000]".to_owned()), "a manual state is evicted last: {:?}", known());

    reset_all_circuits();
    for _ in 0..20 {
        few(8, true).await.unwrap();
    }
    assert!(known().contains(&"few[8]".to_owned()), "{:?}", known());
}

#[circuit(name = "hosts", key = host, max_keys = 64)]
async fn hosts(host: u32, works: bool) -> io::Result<()> {
    let _ = host;
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[resilience_runtime::test]
async fn recently_used_keys_stay() {
    // Each round uses the keys 0 to 31, and then a new key. At most 64 keys have a circuit. After 32 rounds, each new
    // key must therefore evict the new key of an earlier round, and none of the keys 0 to 31.
    for round in 0..1000 {
        for key in (0..32).chain([1000 + round]) {
            hosts(key, true).await.unwrap();
        }
    }
    let is_known = |key: &u32| get_circuit(&format!("hosts[{key}]")).is_some();
    assert!((0..32).all(|key| is_known(&key)));
    assert_eq!(known().len(), 64);
}

#[circuit(name = "oldest", key = key, max_keys = 16)]
async fn oldest(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[resilience_runtime::test]
async fn least_recently_used_of_sixteen_keys_is_evicted() {
    let order = [3, 9, 1, 14, 0, 7, 15, 2, 8, 5, 12, 4, 11, 6, 13, 10];
    for key in (0..16).chain(order) {
        oldest(key).await.unwrap();
    }
    for (evicted, new) in order.into_iter().zip(100..) {
        oldest(new).await.unwrap();
        let is_known = |key: &u32| get_circuit(&format!("oldest[{key}]")).is_some();
        assert!(!is_known(&evicted) && is_known(&new), "{evicted}");
        assert_eq!(known().len(), 16);
    }
}

#[resilience_runtime::test]
async fn one_new_key_does_not_empty_the_table() {
    for key in (0..64).cycle().take(320).chain([64]) {
        hosts(key, true).await.unwrap();
    }
    assert_eq!(known().len(), 64);
}

#[circuit(name = "looked", key = key, max_keys = 4)]
async fn looked(key: u32) -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn get_circuit_does_not_refresh_key() {
    for key in 0..4 {
        looked(key).await.unwrap();
    }
    let look = |key: u32| get_circuit(&format!("looked[{key}]"));
    assert!(look(0).is_some());
    looked(4).await.unwrap();
    assert!(look(0).is_none(), "the first key is the least recently used");
    assert!((1..5).all(|key| look(key).is_some()));
}

#[circuit(name = "alike", key = host)]
async fn alike(host: &str) -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn keys_with_equal_endings_spread_over_the_table() {
    for host in 0..5000 {
        alike(&format!("host{host}.example.com")).await.unwrap();
    }
    assert_eq!(known().len(), 5000);
}

#[resilience_runtime::test]
async fn failed_keys_do_not_switch_protection_off() {
    for host in 0..64 {
        hosts(host, false).await.unwrap_err();
    }
    tokio::time::advance(Duration::from_secs(365 * 24 * 3600)).await;
    for _ in 0..3 {
        hosts(64, false).await.unwrap_err();
    }
    assert_circuit!("hosts[64]", Open);
    assert_eq!(known().len(), 64);
    for host in (0..64).chain(65..1000) {
        hosts(host, true).await.unwrap();
    }
    assert_circuit!("hosts[64]", Open);
}

#[resilience_runtime::test]
async fn keys_that_opened_long_ago_do_not_switch_protection_off() {
    for host in 0..64 {
        for _ in 0..3 {
            hosts(host, false).await.unwrap_err();
        }
    }
    for host in 100..200 {
        hosts(host, true).await.unwrap();
    }
    assert_circuit!("hosts[1]", Open);
    tokio::time::advance(Duration::from_secs(365 * 24 * 3600)).await;
    for _ in 0..3 {
        hosts(64, false).await.unwrap_err();
        hosts(65, false).await.unwrap_err();
    }
    assert_circuit!("hosts[64]", Open);
    assert_circuit!("hosts[65]", Open);
    assert_eq!(known().len(), 64);
}

#[circuit(name = "ten_thousand", key = key)]
async fn ten_thousand(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[resilience_runtime::test]
async fn limit_is_exact_over_the_family() {
    for key in 0..9000 {
        ten_thousand(key).await.unwrap();
    }
    assert_eq!(known().len(), 9000);
    for key in 9000..10_000 {
        ten_thousand(key).await.unwrap();
    }
    assert_eq!(known().len(), 10_000);
    for key in 10_000..12_000 {
        ten_thousand(key).await.unwrap();
    }
    assert_eq!(known().len(), 10_000);
}

#[circuit(name = "crowd", key = key, max_keys = 200)]
async fn crowd(key: u32) -> io::Result<()> {
    let _ = key;
    Ok(())
}

#[resilience_runtime::test]
async fn limit_is_exact_with_many_threads() {
    let test = testing::handle();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            scope.spawn(move || {
                let _test = test.enter();
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for key in 0..2000 {
                    // All threads use the same even keys. Each thread has odd keys of its own.
                    runtime.block_on(crowd(if key % 2 == 0 { key } else { key + 10_000 * thread })).unwrap();
                }
            });
        }
    });
    assert_eq!(known().len(), 200);
}

/// Lets every spawned task run up to its first wait.
async fn run_all() {
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
}

#[resilience_runtime::test]
async fn keys_with_calls_in_flight_stay() {
    let test = testing::handle();
    let _slow = testing::latency("crowd", Duration::from_secs(1));
    let mut calls: Vec<_> = (0..199).map(|key| test.spawn(crowd(key))).collect();
    run_all().await;
    for key in 1000..1100 {
        let call = test.spawn(crowd(key));
        run_all().await;
        call.abort();
        assert!(call.await.unwrap_err().is_cancelled());
        assert_eq!(known().len(), 200, "{key}: the only idle key makes room");
    }
    let is_known = |key: u32| get_circuit(&format!("crowd[{key}]")).is_some();
    assert!((0..199).all(is_known));
    // After a call with the key 199 has started, each of the 200 stored keys has a running call, so no key can be
    // evicted. The circuit of a new key therefore serves one call only, and is not stored.
    calls.push(test.spawn(crowd(199)));
    run_all().await;
    crowd(2000).await.unwrap();
    assert!((0..200).all(is_known) && !is_known(2000));
    for call in calls {
        call.await.unwrap().unwrap();
    }
    crowd(2000).await.unwrap();
    assert!(is_known(2000), "some keys are idle now");
}

#[circuit(name = "joined", key = key, threshold = 1)]
async fn without(key: u32) -> io::Result<()> {
    Err(io::Error::other(key.to_string()))
}

#[circuit(name = "joined", key = key, max_keys = 32)]
async fn with_max_keys(key: u32) -> io::Result<()> {
    Err(io::Error::other(key.to_string()))
}

#[resilience_runtime::test]
async fn max_keys_of_another_function_applies() {
    without(0).await.unwrap_err();
    for key in 1..200 {
        with_max_keys(key).await.unwrap_err();
    }
    assert_eq!(known().len(), 32);
}
