//! What happens where there are more keys than room: which of them stay.
//!
//! A key that somebody is looking at is in use, so of these tests only one runs at a time.

use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitState, circuit, get_circuit, get_circuit_stats, reset_all_circuits};
use tokio::sync::Mutex;

static ALONE: Mutex<()> = Mutex::const_new(());

#[circuit(name = "room::few", key = key, max_keys = 3, threshold = 1)]
async fn few(key: u32, works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

/// The keys that are known.
fn known() -> Vec<String> {
    get_circuit_stats().into_keys().filter(|name| name.starts_with("room::few[")).collect()
}

#[tokio::test(start_paused = true)]
async fn idle_keys_make_room_and_those_that_are_needed_stay() {
    let _alone = ALONE.lock().await;
    few(0, false).await.unwrap_err();
    for key in 1..1000 {
        few(key, true).await.unwrap();
        assert!(known().len() <= 3, "{:?}", known());
    }
    assert_eq!(get_circuit("room::few[0]").unwrap().state(), CircuitState::Open, "an open one is not forgotten");
    for key in [1000, 1001] {
        few(key, false).await.unwrap_err();
    }
    assert_eq!(known(), ["room::few[0]", "room::few[1000]", "room::few[1001]"]);
    few(7, false).await.unwrap_err();
    few(7, true).await.unwrap();
    assert_eq!(known().len(), 3, "where nobody makes room, a call has a circuit to itself");

    reset_all_circuits();
    for _ in 0..20 {
        few(8, true).await.unwrap();
    }
    assert!(known().contains(&"room::few[8]".to_owned()), "{:?}", known());
}

#[circuit(name = "room::recent", key = key, max_keys = 64)]
async fn recent(key: u32) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn where_there_is_no_room_the_keys_that_were_used_last_stay() {
    let _alone = ALONE.lock().await;
    for key in (0..64).chain([3, 64]) {
        recent(key).await.unwrap();
    }
    let successes = |key| Some(get_circuit(&format!("room::recent[{key}]"))?.stats().successes);
    assert_eq!(successes(3), Some(2));
    assert!((40..=64).all(|key| successes(key) == Some(1)));
    assert!((4..32).all(|key| successes(key).is_none()));
}

/// How many keys of this family are known.
fn count(family: &str) -> usize {
    get_circuit_stats().keys().filter(|name| name.starts_with(family)).count()
}

#[circuit(name = "room::hot", key = key, max_keys = 64)]
async fn hot(key: u32) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn one_new_key_does_not_empty_a_table_in_which_all_are_in_use() {
    let _alone = ALONE.lock().await;
    for key in (0..64).cycle().take(320).chain([64]) {
        hot(key).await.unwrap();
    }
    assert!(count("room::hot[") > 32, "{}", count("room::hot["));
}

#[circuit(name = "room::looked", key = key, max_keys = 4)]
async fn looked(key: u32) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn who_looks_at_a_key_does_not_keep_it() {
    let _alone = ALONE.lock().await;
    for key in 0..4 {
        looked(key).await.unwrap();
    }
    let look = |key: u32| get_circuit(&format!("room::looked[{key}]"));
    for key in 0..3 {
        assert_eq!(look(key).unwrap().state(), CircuitState::Closed);
    }
    looked(4).await.unwrap();
    assert!(look(3).is_some(), "it came last but one");
}

#[circuit(name = "room::alike", key = host)]
async fn alike(host: &str) -> io::Result<()> {
    Ok(())
}

#[tokio::test]
async fn keys_that_end_alike_have_room_as_others_have() {
    let _alone = ALONE.lock().await;
    for host in 0..5000 {
        alike(&format!("host{host}.example.com")).await.unwrap();
    }
    assert_eq!(count("room::alike["), 5000);
}

#[circuit(name = "room::forgotten", key = key, max_keys = 4, threshold = 2, window = 10)]
async fn forgotten(key: u32) -> io::Result<()> {
    Err(io::Error::other(key.to_string()))
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_the_window_has_forgotten_keeps_no_key() {
    let _alone = ALONE.lock().await;
    for key in 0..4 {
        forgotten(key).await.unwrap_err();
    }
    tokio::time::advance(Duration::from_secs(3600)).await;
    for _ in 0..2 {
        forgotten(7).await.unwrap_err();
    }
    assert_eq!(get_circuit("room::forgotten[7]").unwrap().state(), CircuitState::Open);
}

#[circuit(name = "room::slow", key = key, max_keys = 4, slow_call = 1, slow_rate = 0.5, min_calls = 2, calls = 10)]
async fn slow(key: u32, seconds: u64) -> io::Result<()> {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_slow_is_not_forgotten() {
    let _alone = ALONE.lock().await;
    for (key, seconds) in [(0, 5)].into_iter().chain((1..20).map(|key| (key, 0))).chain([(0, 5)]) {
        slow(key, seconds).await.unwrap();
    }
    assert_eq!(get_circuit("room::slow[0]").unwrap().state(), CircuitState::Open);
}

#[circuit(name = "room::joined", key = key, threshold = 1)]
async fn without(key: u32) -> io::Result<()> {
    Err(io::Error::other(key.to_string()))
}

#[circuit(name = "room::joined", key = key, max_keys = 32)]
async fn with_max_keys(key: u32) -> io::Result<()> {
    Err(io::Error::other(key.to_string()))
}

#[tokio::test]
async fn a_function_that_comes_later_says_how_many_keys_there_may_be() {
    let _alone = ALONE.lock().await;
    without(0).await.unwrap_err();
    for key in 1..200 {
        with_max_keys(key).await.unwrap_err();
    }
    assert!((16..=32).contains(&count("room::joined[")), "{}", count("room::joined["));
}

#[circuit(name = "room::patient", key = key, max_keys = 60, threshold = 2)]
async fn patient(key: u32, works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[tokio::test]
async fn a_new_key_has_a_circuit_soon_after_others_are_idle_again() {
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
    assert_eq!(get_circuit("room::patient[99]").unwrap().state(), CircuitState::Open);
}
