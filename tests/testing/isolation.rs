//! Tests that isolated tests do not influence each other. In each isolated test, every layer (attribute) begins in its
//! initial state.

use std::future::{Future, pending};
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use resilience_runtime::{
    Bulkhead, CircuitBreaker, CircuitState, KeyedCircuits, bulkhead, circuit, configure, configure_retry,
    configure_timeout, fallback, get_circuit, get_circuit_stats, get_stats, hedge, on_transition, presets, rate_limit,
    retry, testing, timeout, unregister,
};
use testing::isolated;
use tokio::time::sleep;

use super::{SECOND, poll, timed_out};

/// Runs `check` in an isolated test, then outside isolated tests, and then in a second isolated test. `check` changes a
/// layer, and fails if the layer was not in its initial state before this change.
async fn always_begins_anew<F: Future<Output = ()>>(check: impl Fn() -> F) {
    isolated(check()).await;
    check().await;
    isolated(check()).await;
}

#[circuit(name = "isolation_circuit", threshold = 1)]
async fn opens() -> io::Result<()> {
    Err(timed_out())
}

#[tokio::test(start_paused = true)]
async fn circuit_begins_closed() {
    always_begins_anew(|| async {
        let stats = || get_circuit_stats().remove("isolation_circuit").unwrap();
        assert_eq!((stats().state, stats().total_failed), (CircuitState::Closed, 0));
        opens().await.unwrap_err();
        assert_eq!((stats().state, stats().total_failed), (CircuitState::Open, 1));
    })
    .await;
}

#[circuit(name = "isolation_plain", threshold = 1)]
fn opens_plain() -> io::Result<()> {
    Err(timed_out())
}

#[tokio::test(start_paused = true)]
async fn circuit_of_plain_function_begins_closed() {
    always_begins_anew(|| async {
        assert_eq!(opens_plain().unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_ne!(opens_plain().unwrap_err().kind(), io::ErrorKind::TimedOut, "the circuit rejects the call");
    })
    .await;
}

#[circuit(name = "isolation_keys", threshold = 1, key = tenant)]
#[rate_limit(name = "isolation_rates", key = tenant, limit = 1, per = "1h")]
#[bulkhead(name = "isolation_slots", key = tenant, max = 1)]
async fn keyed(tenant: &str) -> io::Result<()> {
    if tenant == "down" { Err(timed_out()) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn families_begin_without_keys() {
    always_begins_anew(|| async {
        assert!(get_circuit("isolation_keys[down]").is_none());
        assert_eq!(get_stats().families["isolation_keys"].keys, 0);
        assert!(!get_stats().rate_limits.contains_key("isolation_rates[down]"));
        assert!(!get_stats().bulkheads.contains_key("isolation_slots[down]"));
        assert_eq!(keyed("down").await.unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert_eq!(get_circuit("isolation_keys[down]").unwrap().state(), CircuitState::Open);
        assert_eq!(get_stats().families["isolation_keys"].keys, 1);

        keyed("up").await.unwrap();
        keyed("up").await.expect_err("the rate limit of the key rejects the call");
        assert_eq!(get_stats().rate_limits["isolation_rates[up]"].total_rejected, 1);
        assert_eq!(get_stats().bulkheads["isolation_slots[up]"].total_admitted, 1);
    })
    .await;
}

#[rate_limit(name = "isolation_rate", limit = 1, per = "1h")]
async fn limited() -> io::Result<()> {
    Ok(())
}

#[rate_limit(limit = 1, per = "1h")]
async fn limited_without_name() -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn rate_limit_begins_with_its_burst() {
    always_begins_anew(|| async {
        limited().await.unwrap();
        limited().await.unwrap_err();
        limited_without_name().await.unwrap();
        limited_without_name().await.unwrap_err();
        let stats = get_stats();
        assert_eq!(stats.rate_limits["isolation_rate"].total_rejected, 1);
        assert_eq!(stats.rate_limits["testing::isolation::limited_without_name"].total_rejected, 1);
    })
    .await;
}

#[bulkhead(name = "isolation_bulkhead", max = 1)]
async fn occupies() -> io::Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn bulkhead_begins_with_free_slots() {
    let mut first = pin!(isolated(occupies()));
    let mut outside = pin!(occupies());
    let mut second = pin!(isolated(async {
        let mut occupied = pin!(occupies());
        assert!(poll(occupied.as_mut()).is_pending());
        occupies().await.expect_err("the slot is occupied");
        occupied.await
    }));
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(outside.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending(), "the slots of the others are not occupied here");
    occupies().await.unwrap_err();
}

async fn instead() -> io::Result<()> {
    Ok(())
}

#[fallback(instead, name = "isolation_fallback")]
#[retry(name = "isolation_retry", max = 2, delay = 1)]
#[timeout(1, name = "isolation_timeout")]
#[hedge(after = "100ms", name = "isolation_hedge")]
async fn hangs() -> io::Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn statistics_of_all_layers_begin_with_zero() {
    always_begins_anew(|| async {
        let counts = || {
            let stats = get_stats();
            [
                stats.fallbacks["isolation_fallback"].total_fell_back,
                stats.retries["isolation_retry"].total_attempts,
                stats.timeouts["isolation_timeout"].total_timed_out,
                stats.hedges["isolation_hedge"].total_attempts,
            ]
        };
        assert_eq!(counts(), [0; 4]);
        hangs().await.unwrap();
        assert_eq!(counts(), [1, 2, 2, 4]);
    })
    .await;
}

#[hedge(name = "isolation_percentile", after = "p50", min_after = "1ms", max_after = "1s")]
async fn measured() -> io::Result<()> {
    sleep(SECOND / 100).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn percentile_of_hedge_is_measured_anew() {
    always_begins_anew(|| async {
        let after = || get_stats().hedges["isolation_percentile"].after.unwrap();
        assert_eq!(after(), SECOND);
        for _ in 0..200 {
            measured().await.unwrap();
        }
        assert!(after() < SECOND / 10);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn presets_begin_unregistered_and_closed() {
    always_begins_anew(|| async {
        assert!(get_circuit("tavily_api").is_none());
        let tavily = presets::tavily_circuit();
        for _ in 0..3 {
            tavily.try_acquire().expect("the preset begins closed").failure();
        }
        assert_eq!(get_circuit("tavily_api").unwrap().state(), CircuitState::Open);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn registered_builders_are_known_in_their_test_only() {
    always_begins_anew(|| async {
        assert!(get_circuit("isolation_builder").is_none());
        let circuit = CircuitBreaker::builder("isolation_builder").threshold(1).register().unwrap();
        circuit.try_acquire().unwrap().failure();
        assert_eq!(get_circuit("isolation_builder").unwrap().state(), CircuitState::Open);

        assert!(get_circuit("isolation_builders[a]").is_none());
        let circuits = KeyedCircuits::builder("isolation_builders").register().unwrap();
        circuits.get("a").try_acquire().unwrap().success();
        assert_eq!(get_circuit("isolation_builders[a]").unwrap().stats().total_succeeded, 1);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn removal_of_circuit_concerns_its_test_only() {
    always_begins_anew(|| async {
        CircuitBreaker::builder("isolation_removed").register().unwrap();
    })
    .await;
    isolated(async {
        assert!(!unregister("isolation_removed"), "this test has not registered the circuit");
    })
    .await;
    assert!(unregister("isolation_removed"));
}

#[retry(name = "isolation_configured_retry", max = 2)]
#[circuit(name = "isolation_configured", threshold = 5)]
#[timeout(7, name = "isolation_configured_time")]
async fn configured() -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn settings_made_at_run_time_concern_their_test_only() {
    always_begins_anew(|| async {
        configured().await.unwrap();
        let settings = || {
            let stats = get_stats();
            (stats.circuits["isolation_configured"].threshold, stats.timeouts["isolation_configured_time"].after)
        };
        assert_eq!(settings(), (5, Some(7 * SECOND)));
        assert_eq!(testing::describe("configured").layers[0].settings, [("max", "2".to_owned())]);
        configure("isolation_configured", |circuit| circuit.threshold(3)).unwrap();
        configure_retry("isolation_configured_retry", |retry| retry.max(4)).unwrap();
        configure_timeout("isolation_configured_time", |timeout| timeout.after(SECOND)).unwrap();
        assert_eq!(settings(), (3, Some(SECOND)));
        assert_eq!(testing::describe("configured").layers[0].settings, [("max", "4".to_owned())]);
    })
    .await;
}

#[circuit(name = "isolation_callback", threshold = 1)]
async fn watched() -> io::Result<()> {
    Err(timed_out())
}

#[tokio::test(start_paused = true)]
async fn callback_receives_the_changes_of_its_test_only() {
    always_begins_anew(|| async {
        let changes = Arc::new(AtomicU32::new(0));
        let counter = changes.clone();
        let _guard = on_transition(move |event| {
            counter.fetch_add(u32::from(event.circuit() == Some("isolation_callback")), Ordering::Relaxed);
        });
        watched().await.unwrap_err();
        assert_eq!(changes.load(Ordering::Relaxed), 1);
        if let Ok(test) = std::panic::catch_unwind(testing::handle) {
            tokio::spawn(async { get_circuit("isolation_callback").map(|circuit| circuit.reset()) }).await.unwrap();
            assert_eq!(changes.load(Ordering::Relaxed), 1);
            test.spawn(async { get_circuit("isolation_callback").unwrap().reset() }).await.unwrap();
            assert_eq!(changes.load(Ordering::Relaxed), 2);
        }
    })
    .await;
}

static HELD: LazyLock<Bulkhead> = LazyLock::new(|| Bulkhead::builder("isolation_held", 1).build().unwrap());

#[bulkhead(with = HELD)]
async fn occupies_held() -> io::Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn held_layer_is_shared_by_all_tests() {
    let mut first = pin!(isolated(occupies_held()));
    assert!(poll(first.as_mut()).is_pending());
    isolated(occupies_held()).await.expect_err("the other test occupies the slot");
    occupies_held().await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn event_is_recorded_in_its_test_only() {
    let mut first = pin!(isolated(async {
        opens().await.unwrap_err();
        tokio::task::yield_now().await;
        testing::events()
    }));
    assert!(poll(first.as_mut()).is_pending());
    isolated(async {
        assert!(testing::events().is_empty());
        opens_plain().unwrap_err();
    })
    .await;
    let names: Vec<_> = first.await.into_iter().map(|event| event.to_string()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names.iter().all(|name| name.contains("circuit=isolation_circuit")), "{names:?}");
}
