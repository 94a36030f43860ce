//! Tests the metrics of all layers except circuits.

use std::time::Duration;

use resilience_runtime::{
    RetryBudget, TokenBucket, bulkhead, deadline, fallback, get_stats, hedge, rate_limit, retry, timeout,
};
use support::{Error, seconds};
use tokio::time::sleep;

use crate::parser::read;

#[retry(name = "layers::retry", max = 3, delay = 0, retry_if = |error| *error == Error::Down)]
async fn retried(failures: &mut u32, error: fn() -> Error) -> Result<(), Error> {
    if *failures == 0 {
        return Ok(());
    }
    *failures -= 1;
    Err(error())
}

#[tokio::test(start_paused = true)]
async fn retry_counts_results_and_attempts() {
    retried(&mut 0, || Error::Down).await.unwrap();
    retried(&mut 2, || Error::Down).await.unwrap();
    retried(&mut 3, || Error::Down).await.unwrap_err();
    retried(&mut 3, || Error::Other).await.unwrap_err();
    let samples = read();
    let results = samples.by("resilience_retry_calls_total", ("name", "layers::retry"), "result");
    let expected = [("exhausted", 1.0), ("not_retryable", 1.0), ("ok_first", 1.0), ("ok_retried", 1.0)];
    assert_eq!(results, expected.map(|(result, count)| (result.to_owned(), count)));
    let attempts = samples.by("resilience_retry_attempts_total", ("name", "layers::retry"), "attempt_type");
    assert_eq!(attempts, [("original".to_owned(), 4.0), ("retry".to_owned(), 4.0)]);
    assert!(samples.by("resilience_retry_budget_total", ("name", "layers::retry"), "decision").is_empty());
}

#[retry(name = "layers::budget", max = 9, delay = 0, budget = budget.clone())]
async fn with_budget(budget: &RetryBudget) -> Result<(), Error> {
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn budget_counts_granted_and_denied_retries() {
    let budget = RetryBudget::bucket(TokenBucket { capacity: 10, ..TokenBucket::DEFAULT });
    with_budget(&budget).await.unwrap_err();
    let (samples, stats) = (read(), get_stats());
    let stats = &stats.retries["layers::budget"];
    let decisions = samples.by("resilience_retry_budget_total", ("name", "layers::budget"), "decision");
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let expected = [("denied", stats.total_denied as f64), ("granted", stats.total_granted as f64)];
    assert_eq!(decisions, expected.map(|(decision, count)| (decision.to_owned(), count)));
    assert_eq!(stats.total_denied, 1);
    let labels = [("name", "layers::budget"), ("result", "budget_exhausted")];
    assert_eq!(samples.get("resilience_retry_calls_total", &labels), Some(1.0));
}

#[retry(max = 2, delay = 0)]
async fn unnamed(works: bool) -> Result<(), Error> {
    if works { Ok(()) } else { Err(Error::Down) }
}

#[tokio::test(start_paused = true)]
async fn unnamed_layer_has_the_name_of_its_statistics() {
    unnamed(false).await.unwrap_err();
    unnamed(true).await.unwrap();
    let name = "metrics::layers::unnamed";
    assert!(get_stats().retries.contains_key(name));
    let results = read().by("resilience_retry_calls_total", ("name", name), "result");
    assert_eq!(results, [("exhausted".to_owned(), 1.0), ("ok_retried".to_owned(), 0.0)]);
}

#[timeout(2, name = "layers::timeout")]
async fn slow() -> Result<(), Error> {
    sleep(seconds(5)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn timeout_counts_own_limit_and_deadline() {
    slow().await.unwrap_err();
    assert!(deadline(seconds(1), slow()).await.is_err());
    let samples = read();
    let calls = samples.by("resilience_timeout_calls_total", ("name", "layers::timeout"), "limit");
    assert_eq!(calls, [("deadline".to_owned(), 1.0), ("timeout".to_owned(), 1.0)]);
    assert_eq!(samples.get("resilience_timeout_limit_seconds", &[("name", "layers::timeout")]), Some(2.0));
}

#[rate_limit(name = "layers::rate", per_second = 1, burst = 3)]
#[bulkhead(name = "layers::bulkhead", max = 2, wait = 9)]
async fn limited() -> Result<(), Error> {
    sleep(seconds(1)).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn limits_count_running_waiting_and_rejected_calls() {
    let look = async {
        sleep(Duration::from_millis(500)).await;
        let samples = read();
        let get = |metric| samples.get(metric, &[("name", "layers::bulkhead")]);
        assert_eq!(get("resilience_bulkhead_in_flight"), Some(2.0));
        assert_eq!(get("resilience_bulkhead_waiting"), Some(1.0));
        assert_eq!(get("resilience_bulkhead_max"), Some(2.0));
    };
    let (one, two, three, ()) = tokio::join!(limited(), limited(), limited(), look);
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    sleep(seconds(10)).await;
    let (one, two, three, four) = tokio::join!(limited(), limited(), limited(), limited());
    assert_eq!([one, two, three, four].iter().filter(|outcome| outcome.is_err()).count(), 1);
    let samples = read();
    let outcomes = |metric, name| samples.by(metric, ("name", name), "outcome");
    let admitted = outcomes("resilience_bulkhead_calls_total", "layers::bulkhead");
    assert_eq!(admitted[1], ("rejected".to_owned(), 0.0));
    let rates = outcomes("resilience_rate_limit_calls_total", "layers::rate");
    assert_eq!(rates, [("admitted".to_owned(), admitted[0].1), ("rejected".to_owned(), 1.0)]);
    assert_eq!(samples.get("resilience_rate_limit_waiting", &[("name", "layers::rate")]), Some(0.0));
}

#[fallback(value = 0)]
#[hedge(after = 1, max = 2, name = "layers::hedge")]
async fn hedged(slow: bool) -> Result<u32, Error> {
    if slow {
        sleep(seconds(3)).await;
    }
    Err(Error::Down)
}

#[tokio::test(start_paused = true)]
async fn hedge_and_fallback_count_their_calls() {
    assert_eq!(hedged(false).await, Ok(0));
    assert_eq!(hedged(true).await, Ok(0));
    let samples = read();
    let hedge = [("name", "layers::hedge")];
    let stats = &get_stats().hedges["layers::hedge"];
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let attempts = stats.total_attempts as f64;
    assert!(attempts >= 3.0);
    assert_eq!(samples.get("resilience_hedge_attempts_total", &hedge), Some(attempts));
    assert_eq!(samples.get("resilience_hedge_won_total", &hedge), Some(0.0));
    assert_eq!(samples.get("resilience_hedge_denied_total", &hedge), Some(0.0));
    assert_eq!(samples.get("resilience_hedge_after_seconds", &hedge), Some(1.0));
    let calls = samples.by("resilience_fallback_calls_total", ("name", "metrics::layers::hedged"), "outcome");
    assert_eq!(calls, [("failure".to_owned(), 0.0), ("success".to_owned(), 2.0)]);
}
