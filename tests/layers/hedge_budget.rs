//! Tests the budget of a hedge, which limits the additional attempts of all callers.

use std::time::Duration;

use resilience_runtime::{Hedge, RetryBudget, RetryCost, RetryRatio, TokenBucket, get_stats, hedge, retry};
use support::{Calls, Error};
use tokio::time::sleep;

/// A budget that permits one additional attempt for ten calls.
const TENTH: RetryRatio = RetryRatio { share: 0.1, min_per_second: 0, ..RetryRatio::DEFAULT };
/// A bucket with the tokens for one additional attempt. Five calls without an additional attempt refill the bucket.
const ONE: TokenBucket = TokenBucket { capacity: 5, ..TokenBucket::DEFAULT };

fn seen(budget: &RetryBudget) -> (u64, u64, u64) {
    let stats = budget.stats();
    (stats.tokens, stats.granted, stats.denied)
}

/// Sleeps, and returns the number of the attempt. `times` contains the sleep of each attempt in milliseconds. The last
/// entry also applies to all later attempts.
async fn serve(calls: &Calls, times: &[u64]) -> Result<u32, Error> {
    let attempt = calls.note();
    let time = times.get(attempt as usize - 1).or(times.last()).unwrap();
    sleep(Duration::from_millis(*time)).await;
    Ok(attempt)
}

#[hedge(name = "hedge_budget::slow", after = "10ms", budget = RetryBudget::ratio(TENTH))]
async fn slow(calls: &Calls) -> Result<u32, Error> {
    serve(calls, &[50]).await
}

#[tokio::test(start_paused = true)]
async fn hundred_slow_calls_make_ten_hedges() {
    let calls = Calls::start();
    for _ in 0..100 {
        slow(&calls).await.unwrap();
    }
    assert_eq!(calls.count(), 110);
    let stats = &get_stats().hedges["hedge_budget::slow"];
    assert_eq!((stats.total_attempts, stats.total_denied, stats.total_won_by_hedge), (110, 90, 0));
}

static SHARED: RetryBudget = RetryBudget::bucket(ONE);

#[hedge(after = "10ms", max = 3, budget = SHARED)]
async fn three(calls: &Calls) -> Result<u32, Error> {
    serve(calls, &[500, 100]).await
}

#[retry(max = 3, delay = 0, budget = SHARED)]
async fn retried(calls: &Calls) -> Result<u32, u32> {
    Err(calls.note())
}

#[tokio::test(start_paused = true)]
async fn denied_call_waits_for_its_running_attempts() {
    let calls = Calls::start();
    assert_eq!(three(&calls).await, Ok(2));
    assert_eq!((calls.millis(), calls.elapsed().as_millis()), (vec![0, 10], 110));
    assert_eq!(seen(&SHARED), (0, 1, 1));
    let calls = Calls::start();
    assert_eq!((three(&calls).await, calls.elapsed().as_millis()), (Ok(1), 500));
    assert_eq!(seen(&SHARED), (1, 1, 2), "the third attempt is not requested after the denial of the second attempt");
    assert_eq!(retried(&Calls::start()).await, Err(1), "the retry shares the budget");
    assert_eq!(seen(&SHARED), (1, 1, 3));
}

#[tokio::test(start_paused = true)]
async fn denied_call_starts_no_attempt_after_a_refill() {
    let budget = RetryBudget::bucket(ONE);
    let hedge = Hedge::builder().after(Duration::from_millis(10)).max(3).budget(&budget).build().unwrap();
    assert!(budget.try_retry(RetryCost::Failure), "takes all tokens");
    let calls = Calls::start();
    let slow = hedge.call(|| async {
        calls.note();
        // After the first sleep, the budget has tokens again. The hedge must nevertheless start no additional attempt.
        sleep(Duration::from_millis(30)).await;
        sleep(Duration::from_millis(30)).await;
        Ok::<_, Error>(())
    });
    let refill = async {
        sleep(Duration::from_millis(20)).await;
        (0..5).for_each(|_| budget.call_succeeded(None));
    };
    assert_eq!(tokio::join!(slow, refill).0, Ok(()));
    assert_eq!((calls.millis(), calls.elapsed().as_millis()), (vec![0], 60));
    assert_eq!((hedge.stats().total_attempts, hedge.stats().total_denied), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn only_success_without_hedge_refills_budget() {
    let budget = RetryBudget::bucket(TokenBucket { first_try_refund: 2, ..ONE });
    let hedge = Hedge::builder().after(Duration::from_millis(10)).budget(&budget).build().unwrap();
    for (times, tokens) in [(&[50, 50][..], 0), (&[5], 2), (&[50], 4), (&[5], 5), (&[50, 5], 0)] {
        let calls = Calls::start();
        hedge.call(|| serve(&calls, times)).await.unwrap();
        assert_eq!(budget.stats().tokens, tokens, "{times:?}");
    }
    let failing = || async { Err::<u32, _>(Error::Down) };
    assert_eq!((hedge.call(failing).await, budget.stats().tokens), (Err(Error::Down), 0), "a failure refunds nothing");
    assert_eq!(hedge.stats().total_denied, 1);
}

struct Client {
    hedge: Hedge,
    budget: RetryBudget,
}

impl Client {
    #[hedge(after = "10ms", budget = self.budget)]
    async fn of_field(&self, calls: &Calls) -> Result<u32, Error> {
        serve(calls, &[50]).await
    }

    #[hedge(with = self.hedge)]
    async fn of_held(&self, calls: &Calls) -> Result<u32, Error> {
        serve(calls, &[50]).await
    }

    #[retry(max = 2, delay = 0)]
    #[hedge(with = self.hedge, budget = self.budget)]
    async fn of_held_with_another(&self, calls: &Calls) -> Result<u32, Error> {
        serve(calls, &[50]).await
    }
}

#[tokio::test(start_paused = true)]
async fn budget_of_attribute_replaces_budget_of_held_hedge() {
    let own = RetryBudget::bucket(ONE);
    let hedge = Hedge::builder().after(Duration::from_millis(10)).budget(own.clone()).build().unwrap();
    let client = Client { hedge, budget: RetryBudget::bucket(TokenBucket { capacity: 10, ..ONE }) };
    client.of_field(&Calls::start()).await.unwrap();
    assert_eq!((seen(&client.budget), seen(&own)), ((5, 1, 0), (5, 0, 0)));
    client.of_held(&Calls::start()).await.unwrap();
    assert_eq!((seen(&client.budget), seen(&own)), ((5, 1, 0), (0, 1, 0)));
    client.of_held_with_another(&Calls::start()).await.unwrap();
    assert_eq!((seen(&client.budget), seen(&own)), ((0, 2, 0), (0, 1, 0)));
    assert_eq!(client.hedge.stats().total_denied, 0);
    client.of_held_with_another(&Calls::start()).await.unwrap();
    assert_eq!((client.hedge.stats().total_denied, client.budget.stats().denied), (1, 1));
}
