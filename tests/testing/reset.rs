//! Tests `reset_everything` inside an isolated test.

use std::io;

use resilience_runtime::{
    CircuitState, RetryBudget, TokenBucket, assert_circuit, assert_stack, circuit, configure, configure_retry,
    expect_events, get_circuit, get_circuit_stats, rate_limit, retry, testing,
};
use testing::{isolated, reset_everything};

use tokio::task::yield_now;

use super::timed_out;

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: 5, ..TokenBucket::DEFAULT });

#[retry(max = 2, delay = 0, budget = BUDGET)]
#[circuit(name = "reset", threshold = 2, cooldown = 30)]
async fn ask() -> io::Result<u32> {
    Ok(7)
}

#[circuit(name = "reset_keys", key = tenant, threshold = 1)]
#[rate_limit(key = tenant, limit = 1, per = "1h")]
async fn of_tenant(tenant: u32) -> io::Result<()> {
    Ok(())
}

#[resilience_runtime::test]
async fn all_layers_are_reset() {
    testing::fail_next("reset", 2, timed_out);
    testing::fail_next("reset_keys", 1, timed_out);
    ask().await.unwrap_err();
    of_tenant(7).await.unwrap_err();
    of_tenant(8).await.unwrap();
    of_tenant(8).await.unwrap_err();
    get_circuit("reset_keys[8]").unwrap().force_open();
    assert_circuit!("reset", Open);
    assert_circuit!("reset_keys[7]", Open);
    assert_eq!(BUDGET.stats().tokens, 0);

    reset_everything();
    expect_events![];
    assert_circuit!("reset", Closed);
    assert_circuit!("reset_keys[7]", Closed);
    assert_circuit!("reset_keys[8]", Closed);
    assert_eq!(BUDGET.stats().tokens, 5);
    assert_eq!(get_circuit_stats()["reset"].total_failed, 2, "the totals remain");
    of_tenant(7).await.unwrap();
    of_tenant(8).await.unwrap();
    assert_eq!(ask().await.unwrap(), 7);
}

#[resilience_runtime::test]
async fn settings_made_at_run_time_are_undone() {
    configure("reset", |circuit| circuit.threshold(9)).unwrap();
    configure_retry("testing::reset::ask", |retry| retry.max(4)).unwrap();
    assert_stack!(
        "reset::ask",
        r#"
            retry(max = 4, delay = 0s)
            circuit(name = "reset", threshold = 9, cooldown = 30s)
        "#
    );
    reset_everything();
    assert_stack!(
        "reset::ask",
        r#"
            retry(max = 2, delay = 0s)
            circuit(name = "reset", threshold = 2, cooldown = 30s)
        "#
    );
}

static OUTSIDE: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: 5, ..TokenBucket::DEFAULT });

#[retry(max = 2, delay = 0, budget = OUTSIDE)]
#[circuit(name = "reset_others", threshold = 1)]
async fn fails() -> io::Result<u32> {
    Err(timed_out())
}

#[tokio::test(start_paused = true)]
async fn other_tests_and_the_program_are_not_reset() {
    let state = || (get_circuit_stats()["reset_others"].state, OUTSIDE.stats().denied, testing::events().len());
    fails().await.unwrap_err();
    let other = isolated(async {
        testing::fail_next("reset", 2, timed_out);
        fails().await.unwrap_err();
        let before = state();
        yield_now().await;
        assert_eq!(state(), before);
        ask().await.expect_err("the faults of this test remain");
    });
    tokio::join!(other, isolated(async { reset_everything() }));
    assert_eq!(get_circuit_stats()["reset_others"].state, CircuitState::Open);
}
