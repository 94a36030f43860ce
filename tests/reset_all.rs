//! Tests `reset_all_circuits` and `reset_all`.
//!
//! These tests need a process of their own, because they list and reset all circuits.

use std::io;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CircuitBreaker, CircuitState, RetryBudget, RetryRatio, TokenBucket, bulkhead, circuit, get_circuit_stats,
    get_stats, presets, rate_limit, reset_all, reset_all_circuits, retry,
};
use tokio::sync::Mutex;

/// Each test locks this mutex, because a test also resets the circuits of the other tests.
static ALONE: Mutex<()> = Mutex::const_new(());

#[circuit(name = "declared", threshold = 1)]
async fn declared() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[circuit(name = "keyed", key = host, threshold = 1)]
async fn keyed(host: &str) -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test(start_paused = true)]
async fn reset_all_circuits_closes_every_circuit() {
    let _alone = ALONE.lock().await;
    let registered = CircuitBreaker::builder("registered").threshold(1).register().unwrap();
    let built = CircuitBreaker::builder("built").threshold(1).build().unwrap();
    let preset = presets::exa_circuit();
    let mut late = registered.try_acquire_owned().unwrap();
    for breaker in [&registered, &built, &preset] {
        while breaker.state() == CircuitState::Closed {
            breaker.try_acquire().unwrap().failure();
        }
    }
    assert!(declared().await.is_err());
    assert!(keyed("host").await.is_err());
    let open = |stats: &resilience_runtime::CircuitStats| stats.state == CircuitState::Open;
    assert_eq!(get_circuit_stats().values().filter(|stats| open(stats)).count(), 4);

    reset_all_circuits();

    let stats = get_circuit_stats();
    assert_eq!(stats.keys().collect::<Vec<_>>(), ["declared", "exa_api", "keyed[host]", "layered", "registered"]);
    for stats in stats.values() {
        assert_eq!(stats.state, CircuitState::Closed, "{}", stats.name);
        assert_eq!((stats.failures, stats.successes), (0, 0), "{}", stats.name);
        assert_eq!((stats.cooldown_remaining, stats.last_failure), (Duration::ZERO, None), "{}", stats.name);
        assert_eq!(stats.total_opened, u64::from(stats.name != "layered"), "totals never go back: {}", stats.name);
    }
    assert_eq!(built.state(), CircuitState::Open, "a breaker outside the registry is its owner's");

    std::mem::replace(&mut late, registered.try_acquire_owned().unwrap()).failure();
    assert_eq!(registered.state(), CircuitState::Closed, "a call that began before the reset no longer counts");
    late.failure();
    assert_eq!(registered.state(), CircuitState::Open);
}

#[rate_limit(name = "rate", per_second = 1)]
#[circuit(name = "layered", threshold = 1)]
async fn layered() -> io::Result<()> {
    Ok(())
}

#[rate_limit(name = "rate_of_key", limit = 1, per = 60, key = key)]
async fn limited(key: u32) -> io::Result<()> {
    Ok(())
}

#[rate_limit(name = "rate_of_key_beyond", limit = 1, per = 60, wait = 90, key = key, max_keys = 1)]
async fn beyond(key: u32) -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn reset_all_fills_the_rate_of_keys_beyond_max_keys() {
    let _alone = ALONE.lock().await;
    beyond(1).await.unwrap();
    let (waited, ..) = tokio::join!(beyond(1), async {
        beyond(2).await.unwrap(); // The waiting call `beyond(1)` holds the only key that `max_keys` allows.
        reset_all();
        beyond(3).await.unwrap();
    });
    waited.unwrap();
    assert_eq!(get_stats().rate_limits["rate_of_key_beyond[…]"].total_admitted, 2);
}

#[retry(max = 2, delay = 0, budget = budget.clone())]
async fn retried(budget: &RetryBudget) -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[rate_limit(name = "unset")]
async fn without_rate() -> io::Result<()> {
    Ok(())
}

#[bulkhead(with = slots)]
async fn running(slots: &Bulkhead) -> io::Result<()> {
    reset_all();
    assert_eq!(slots.stats().in_use, 1, "a running call keeps its slot");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn reset_all_fills_rates_and_budgets_and_keeps_totals() {
    let _alone = ALONE.lock().await;
    let budget = RetryBudget::bucket(TokenBucket { capacity: 5, ..TokenBucket::DEFAULT });
    let ratio = RetryBudget::ratio(RetryRatio { min_per_second: 0, share: 1.0, ..RetryRatio::DEFAULT });
    layered().await.unwrap();
    layered().await.unwrap_err();
    limited(7).await.unwrap();
    limited(7).await.unwrap_err();
    retried(&budget).await.unwrap_err();
    retried(&ratio).await.unwrap_err();
    without_rate().await.unwrap_err();
    assert_eq!((budget.stats().tokens, ratio.stats().tokens), (0, 0));
    running(&Bulkhead::builder("slots", 1).build().unwrap()).await.unwrap();

    layered().await.unwrap();
    limited(7).await.unwrap();
    let stats = &get_stats().rate_limits["rate"];
    assert_eq!((stats.total_admitted, stats.total_rejected), (2, 1));
    assert_eq!((budget.stats().tokens, budget.stats().granted), (5, 1));
    assert_eq!((ratio.stats().tokens, ratio.stats().granted), (1, 1));
    without_rate().await.expect_err("a reset sets no rate");
}
