//! Tests that each isolated test has its own copy of each retry budget. The place of the budget, such as a `static`,
//! must not matter.

use std::future::{Future, pending};
use std::io;
use std::sync::LazyLock;

use resilience_runtime::{
    RetryBudget, RetryBudgetStats, RetryCost, RetryPolicy, RetryRatio, TokenBucket, hedge, retry, testing,
};
use testing::isolated;
use tokio::time::timeout;

use super::{SECOND, timed_out};

/// A bucket that contains the tokens for one retry.
const ONE: TokenBucket = TokenBucket { capacity: 1, retry_cost: 1, timeout_cost: 1, ..TokenBucket::DEFAULT };

fn counts(budget: &RetryBudget) -> (u64, u64, u64) {
    let RetryBudgetStats { tokens, granted, denied, .. } = budget.stats();
    (tokens, granted, denied)
}

/// Runs `check` in an isolated test, then outside isolated tests, and then in a second isolated test.
async fn always_begins_anew<F: Future<Output = ()>>(check: impl Fn() -> F) {
    isolated(check()).await;
    check().await;
    isolated(check()).await;
}

static IN_STATIC: RetryBudget = RetryBudget::bucket(ONE);

#[retry(max = 3, delay = 0, budget = IN_STATIC)]
async fn with_static() -> io::Result<()> {
    Err(timed_out())
}

#[tokio::test(start_paused = true)]
async fn budget_in_static_begins_full() {
    always_begins_anew(|| async {
        assert_eq!(counts(&IN_STATIC), (1, 0, 0));
        with_static().await.unwrap_err();
        assert_eq!(counts(&IN_STATIC), (0, 1, 1));
    })
    .await;
}

#[retry(max = 9, delay = 0, budget = RetryBudget::bucket(ONE), attempt = attempt)]
async fn with_own_budget() -> Result<(), u32> {
    Err(attempt)
}

#[tokio::test(start_paused = true)]
async fn budget_in_attribute_begins_full() {
    always_begins_anew(|| async {
        assert_eq!(with_own_budget().await, Err(2));
        assert_eq!(with_own_budget().await, Err(1), "the budget is empty");
    })
    .await;
}

#[retry(max = 9, delay = 0, budget = RetryBudget::bucket(ONE), attempt = attempt)]
fn plain() -> Result<(), u32> {
    Err(attempt)
}

#[tokio::test(start_paused = true)]
async fn budget_of_plain_function_begins_full() {
    always_begins_anew(|| async {
        assert_eq!((plain(), plain()), (Err(2), Err(1)));
    })
    .await;
}

static OF_POLICY: RetryBudget = RetryBudget::bucket(ONE);

static POLICY: LazyLock<RetryPolicy> =
    LazyLock::new(|| RetryPolicy::builder().max(9).delay(SECOND).budget(&OF_POLICY).build().unwrap());

#[tokio::test(start_paused = true)]
async fn budget_cloned_into_policy_begins_full() {
    always_begins_anew(|| async {
        let ask = || POLICY.call(async || Err::<(), _>(timed_out()));
        ask().await.unwrap_err();
        assert_eq!(counts(&OF_POLICY), (0, 1, 1));
        ask().await.unwrap_err();
        assert_eq!(counts(&OF_POLICY), (0, 1, 2));
    })
    .await;
}

static OF_HEDGE: RetryBudget = RetryBudget::bucket(ONE);

#[hedge(after = "10ms", max = 5, budget = OF_HEDGE)]
async fn hedged() -> io::Result<()> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn budget_of_hedge_begins_full() {
    always_begins_anew(|| async {
        timeout(SECOND, hedged()).await.unwrap_err();
        assert_eq!(counts(&OF_HEDGE), (0, 1, 1));
    })
    .await;
}

static OF_CALLS: RetryBudget = RetryBudget::ratio(RetryRatio { share: 0.5, min_per_second: 0, ..RetryRatio::DEFAULT });

#[retry(max = 2, delay = 0, budget = OF_CALLS)]
async fn in_proportion() -> io::Result<()> {
    Err(timed_out())
}

#[tokio::test(start_paused = true)]
async fn share_of_calls_is_counted_anew() {
    always_begins_anew(|| async {
        for _ in 0..4 {
            in_proportion().await.unwrap_err();
        }
        assert_eq!((OF_CALLS.stats().granted, OF_CALLS.stats().denied), (2, 2));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn clones_share_the_budget_of_their_test() {
    static SHARED: RetryBudget = RetryBudget::bucket(ONE);
    let outside = SHARED.clone();
    isolated(async {
        let inside = SHARED.clone();
        assert!(outside.try_retry(RetryCost::Failure));
        assert_eq!((counts(&SHARED), counts(&inside), counts(&outside)), ((0, 1, 0), (0, 1, 0), (0, 1, 0)));
    })
    .await;
    assert_eq!((counts(&SHARED), counts(&outside)), ((1, 0, 0), (1, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn budget_of_ended_test_is_not_reused() {
    // A new budget may have the same address as an earlier budget that was dropped.
    isolated(async {
        for _ in 0..100 {
            let budget = Box::new(RetryBudget::bucket(ONE));
            assert_eq!(counts(&budget), (1, 0, 0));
            assert!(budget.try_retry(RetryCost::Failure));
        }
    })
    .await;
}
