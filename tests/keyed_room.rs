//! What happens where there are more keys than room: which of them stay.
//!
//! A key that somebody is looking at is in use, so of these tests only one runs at a time.

use std::io;

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
