//! Tests retry budgets, which limit the total number of retries of all callers.

use std::cell::Cell;
use std::io;
use std::sync::LazyLock;
use std::time::Duration;

use resilience_runtime::{RetryBudget, RetryCost, RetryPolicy, RetryRatio, TokenBucket, circuit, retry};
use tokio::time::advance;

fn seen(budget: &RetryBudget) -> (u64, u64, u64) {
    let stats = budget.stats();
    (stats.tokens, stats.granted, stats.denied)
}

const TEN: TokenBucket = TokenBucket { capacity: 10, ..TokenBucket::DEFAULT };

static SHARED: RetryBudget = RetryBudget::bucket(TEN);

#[retry(max = 2, delay = 0, budget = SHARED)]
async fn one(calls: &Cell<u32>) -> io::Result<()> {
    calls.set(calls.get() + 1);
    Err(io::ErrorKind::TimedOut.into())
}

#[retry(max = 9, delay = 0, budget = self::SHARED, cost = |error| match error.kind() {
    io::ErrorKind::TimedOut => RetryCost::Timeout,
    _ => RetryCost::Failure,
})]
async fn other(calls: &Cell<u32>) -> io::Result<()> {
    one(calls).await
}

#[tokio::test]
async fn functions_may_share_one_budget() {
    let calls = Cell::new(0);
    one(&calls).await.unwrap_err();
    assert_eq!((calls.take(), seen(&SHARED)), (2, (5, 1, 0)));
    other(&calls).await.unwrap_err();
    assert_eq!((calls.take(), seen(&SHARED)), (2, (0, 2, 1)), "a retry of the inner one, and none of the outer one");
    one(&calls).await.unwrap_err();
    assert_eq!((calls.take(), seen(&SHARED)), (1, (0, 2, 2)));
}

#[retry(max = 9, delay = 0, budget = RetryBudget::bucket(TokenBucket { capacity: 3 * 5, ..TEN }))]
async fn generic<T>(calls: &Cell<u32>, _value: T) -> io::Result<()> {
    calls.set(calls.get() + 1);
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test]
async fn instances_of_generic_function_share_its_budget() {
    let calls = Cell::new(0);
    generic(&calls, 1).await.unwrap_err();
    assert_eq!(calls.take(), 4);
    generic(&calls, "one").await.unwrap_err();
    assert_eq!(calls.take(), 1);
}

#[retry(max = 9, delay = 0, budget = RetryBudget::bucket(TokenBucket { capacity: 15, ..TEN }))]
async fn has_argument_of_the_name_of_a_field(calls: &Cell<u32>, capacity: u32) -> io::Result<()> {
    calls.set(calls.get() + capacity);
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test]
async fn field_with_the_name_of_an_argument_leaves_the_budget_shared() {
    let calls = Cell::new(0);
    has_argument_of_the_name_of_a_field(&calls, 1).await.unwrap_err();
    assert_eq!(calls.take(), 4);
    has_argument_of_the_name_of_a_field(&calls, 1).await.unwrap_err();
    assert_eq!(calls.take(), 1);
}

static LAZY: LazyLock<RetryBudget> = LazyLock::new(|| RetryBudget::bucket(TEN));

#[retry(max = 9, delay = 0, budget = LAZY)]
async fn lazy() -> io::Result<()> {
    Err(io::ErrorKind::TimedOut.into())
}

#[tokio::test]
async fn budget_may_be_lazy() {
    lazy().await.unwrap_err();
    assert_eq!(seen(&LAZY), (0, 2, 1));
    lazy().await.unwrap_err();
    assert_eq!(seen(&LAZY), (0, 2, 2));
}

static SUCCESS: RetryBudget = RetryBudget::bucket(TokenBucket { first_try_refund: 2, ..TEN });

#[tokio::test]
async fn only_success_refills_bucket() {
    let builder = || RetryPolicy::builder().max(3).delay(Duration::ZERO).budget(&SUCCESS);
    let policy = builder().retry_if_ok(|value: &u32| *value == 0).build().unwrap();
    let call = |values: [Result<u32, bool>; 3]| {
        let mut values = values.into_iter();
        policy.call(move || std::future::ready(values.next().unwrap()))
    };
    let _ = call([Err(true), Ok(0), Ok(0)]).await;
    assert_eq!(seen(&SUCCESS), (0, 2, 0), "a value that is retried is no success");
    let _ = call([Ok(1); 3]).await;
    assert_eq!(seen(&SUCCESS), (2, 2, 0), "a first attempt");
    SUCCESS.call_succeeded(Some(RetryCost::Failure));
    let _ = call([Err(true), Ok(1), Ok(1)]).await;
    assert_eq!(seen(&SUCCESS), (7, 3, 0), "the cost of the last retry returns");
    let fatal = builder().retry_if(|error: &bool| *error).build().unwrap();
    let _ = fatal.call(async || Err::<(), _>(false)).await;
    assert_eq!(seen(&SUCCESS), (7, 3, 0), "a final error");
    SUCCESS.call_succeeded(Some(RetryCost::Timeout));
    SUCCESS.call_succeeded(None);
    assert_eq!(seen(&SUCCESS), (10, 3, 0), "and never beyond its capacity");
}

static NOT_ASKED: RetryBudget = RetryBudget::bucket(TEN);

#[retry(max = 5, delay = 1, max_elapsed = 9, retry_after = |hint| *hint, budget = NOT_ASKED)]
#[circuit(name = "budget::not_asked", threshold = 1, error = |_| None)]
async fn not_asked(hint: Option<Duration>) -> Result<(), Option<Duration>> {
    Err(hint)
}

#[tokio::test(start_paused = true)]
async fn retry_that_is_not_made_costs_nothing() {
    not_asked(Some(Duration::from_secs(10))).await.unwrap_err();
    not_asked(None).await.unwrap_err();
    assert_eq!(seen(&NOT_ASKED), (10, 0, 0), "too long a wait, and an open circuit");
}

static RATIO: RetryBudget = RetryBudget::ratio(RetryRatio { min_per_second: 0, share: 0.5, ..RetryRatio::DEFAULT });

#[retry(max = 2, delay = 0, budget = RATIO)]
async fn sometimes(works: bool) -> io::Result<()> {
    if works { Ok(()) } else { Err(io::ErrorKind::TimedOut.into()) }
}

#[tokio::test(start_paused = true)]
async fn remembered_calls_pay_for_retries() {
    for works in [true, true, true, false, false, false] {
        let _ = sometimes(works).await;
    }
    assert_eq!(seen(&RATIO), (0, 3, 0));
    advance(Duration::from_secs(5)).await;
    let _ = sometimes(true).await;
    let _ = sometimes(true).await;
    assert_eq!(RATIO.stats().tokens, 1);
    advance(Duration::from_secs(6)).await;
    assert_eq!(RATIO.stats().tokens, 1, "older calls and retries are forgotten");
    advance(Duration::from_secs(5)).await;
    assert_eq!(RATIO.stats().tokens, 0);
}

static TENTHS: RetryBudget = RetryBudget::ratio(RetryRatio { min_per_second: 0, share: 1.0, ..RetryRatio::DEFAULT });

#[tokio::test(start_paused = true)]
async fn call_is_forgotten_after_ttl() {
    TENTHS.call_began();
    advance(Duration::from_secs(9)).await;
    assert_eq!(TENTHS.stats().tokens, 1);
    advance(Duration::from_secs(1)).await;
    assert_eq!(TENTHS.stats().tokens, 0);
}

#[test]
fn budget_with_extreme_numbers_stays_within_limits() {
    let ratio = |share, ttl, min_per_second| RetryBudget::ratio(RetryRatio { share, ttl, min_per_second });
    for (budget, granted) in [
        (ratio(f64::NAN, Duration::from_secs(1), 2), 2),
        (ratio(-1.0, Duration::from_secs(1), 2), 2),
        (ratio(f64::INFINITY, Duration::MAX, 0), 10),
        (ratio(0.5, Duration::ZERO, u32::MAX), 12),
        (RetryBudget::bucket(TokenBucket { capacity: 0, ..TEN }), 0),
        (RetryBudget::bucket(TokenBucket { retry_cost: u32::MAX, ..TEN }), 0),
        (RetryBudget::bucket(TokenBucket { capacity: u32::MAX, first_try_refund: u32::MAX, ..TEN }), 12),
    ] {
        budget.call_began();
        for _ in 0..12 {
            budget.try_retry(RetryCost::Failure);
        }
        budget.call_succeeded(None);
        assert_eq!(budget.stats().granted, granted, "{budget:?}");
    }
    // If `min_per_second` is 1,000, a budget has one token for each millisecond of `ttl`. The budget limits `ttl` to
    // the range from 1 ms to 24 h.
    for (ttl, tokens) in [(Duration::ZERO, 1), (Duration::from_millis(2), 2), (Duration::MAX, 86_400_000)] {
        assert_eq!(ratio(0.0, ttl, 1_000).stats().tokens, tokens, "{ttl:?}");
    }
}

static THREADS: RetryBudget = RetryBudget::bucket(TokenBucket { capacity: 1_000, retry_cost: 1, ..TEN });
static THREADS_RATIO: RetryBudget =
    RetryBudget::ratio(RetryRatio { min_per_second: 0, share: 0.1, ttl: Duration::from_secs(24 * 60 * 60) });

#[test]
fn concurrent_retries_stay_within_budget() {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    THREADS_RATIO.call_began();
                    THREADS.try_retry(RetryCost::Failure);
                }
                for _ in 0..1_000 {
                    THREADS_RATIO.try_retry(RetryCost::Failure);
                }
            });
        }
    });
    assert_eq!(seen(&THREADS), (0, 1_000, 7_000));
    let stats = THREADS_RATIO.stats();
    // The budget's time window moves in steps of a tenth of its length. If a step ends during the test, the budget may
    // grant one more retry.
    assert!((800..=801).contains(&stats.granted), "{stats:?}");
}

#[tokio::test(start_paused = true)]
async fn share_grants_its_whole_number_of_retries() {
    for (share, calls, granted) in [(0.1, 10, 1), (0.2, 15, 3), (0.3, 10, 3), (0.3, 9, 2), (0.6, 5, 3), (0.7, 10, 7)] {
        let budget = RetryBudget::ratio(RetryRatio { share, min_per_second: 0, ..RetryRatio::DEFAULT });
        (0..calls).for_each(|_| budget.call_began());
        let retries = (0..100).filter(|_| budget.try_retry(RetryCost::Failure)).count();
        assert_eq!(retries, granted, "{share} of {calls}");
    }
}
