//! Tests that the random numbers of the library are the same in each run of an isolated test.

use std::io;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, RetryPolicy, circuit, retry, testing};
use testing::isolated;
use tokio::time::{Instant, sleep};

use super::{SECOND, timed_out};

#[retry(max = 4, delay = 10, jitter = "full")]
async fn full() -> io::Result<()> {
    Err(timed_out())
}

async fn time_of_full() -> Duration {
    let begin = Instant::now();
    full().await.unwrap_err();
    begin.elapsed()
}

#[tokio::test(start_paused = true)]
async fn two_tests_have_the_same_pauses() {
    let first = isolated(time_of_full()).await;
    assert_eq!(isolated(time_of_full()).await, first);
    assert!(first > Duration::ZERO && first < 70 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn tests_at_the_same_time_have_the_same_pauses() {
    let twice = || async { (time_of_full().await, time_of_full().await) };
    let (first, second) = tokio::join!(isolated(twice()), isolated(twice()));
    assert_eq!(first, second);
    assert_ne!(first.0, first.1, "each pause has a random number of its own");
}

#[tokio::test(start_paused = true)]
async fn another_seed_has_other_pauses() {
    let with_seed = |seed| async move {
        testing::seed(seed);
        time_of_full().await
    };
    let zero = isolated(time_of_full()).await;
    let (one, again) = (isolated(with_seed(1)).await, isolated(with_seed(1)).await);
    assert_eq!(isolated(with_seed(0)).await, zero, "the default is 0");
    assert_eq!(one, again);
    assert_ne!(one, zero);
}

#[tokio::test(start_paused = true)]
async fn seed_begins_the_random_numbers_anew() {
    isolated(async {
        let first = time_of_full().await;
        testing::seed(0);
        assert_eq!(time_of_full().await, first);
    })
    .await;
}

#[circuit(name = "jitter_cooldown", threshold = 1, cooldown = 100, cooldown_jitter = 0.5)]
async fn with_cooldown() -> io::Result<()> {
    Err(timed_out())
}

#[tokio::test(start_paused = true)]
async fn cooldowns_and_policies_are_seeded() {
    let times = || async {
        with_cooldown().await.unwrap_err();
        let cooldown = resilience_runtime::get_circuit("jitter_cooldown").unwrap().stats().cooldown_remaining;

        let held = CircuitBreaker::builder("held").threshold(1).cooldown_jitter(0.5).build().unwrap();
        held.try_acquire().unwrap().failure();

        let policy: RetryPolicy = RetryPolicy::builder().jitter(resilience_runtime::Jitter::Full).build().unwrap();
        let begin = Instant::now();
        policy.call(async || Err::<(), _>(timed_out())).await.unwrap_err();
        (cooldown, held.stats().cooldown_remaining, begin.elapsed())
    };
    let first = isolated(times()).await;
    sleep(SECOND).await;
    assert_eq!(isolated(times()).await, first);
    assert!(first.0 != 100 * SECOND, "the cooldown has jitter");
}

#[circuit(name = "jitter_keys", key = key, max_keys = 128, threshold = 1)]
async fn by_key(key: u32, is_up: bool) -> io::Result<()> {
    if is_up { Ok(()) } else { Err(timed_out()) }
}

/// Evicts the only closed circuit. The number of shards that the eviction searches depends on the random hashes of the
/// keys.
async fn time_of_full_after_an_eviction() -> Duration {
    for key in 0..127 {
        by_key(key, false).await.unwrap_err();
    }
    by_key(127, true).await.unwrap();
    by_key(128, false).await.unwrap_err();
    time_of_full().await
}

#[tokio::test(start_paused = true)]
async fn eviction_of_a_key_does_not_change_later_pauses() {
    let expected = isolated(time_of_full()).await;
    for _ in 0..20 {
        assert_eq!(isolated(time_of_full_after_an_eviction()).await, expected);
    }
}

#[test]
fn seed_outside_of_a_test_panics() {
    assert!(super::panic_of(|| testing::seed(7)).starts_with("`seed()` needs an isolated test: write"));
}
