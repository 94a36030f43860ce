//! Tests the option `tokens` of `#[rate_limit]`.

use std::cell::Cell;
use std::io;
use std::time::Duration;

use resilience_runtime::{
    RateLimit, RateLimitedError, Rejection, RetryPolicy, circuit, fallback, get_circuit, rate_limit, retry,
};
use support::Error;
use tokio::time::{Instant, advance};

const SECOND: Duration = Duration::from_secs(1);

#[rate_limit(limit = 1000, per = "1m", burst = 1000, tokens = tokens, wait = "2m")]
async fn complete(prompt: &str, tokens: u32) -> Result<usize, RateLimitedError> {
    Ok(prompt.len())
}

#[tokio::test(start_paused = true)]
async fn call_takes_its_tokens() {
    let begin = Instant::now();
    complete("one", 600).await.unwrap();
    complete("two", 400).await.unwrap();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    complete("three", 500).await.unwrap();
    assert_eq!(begin.elapsed(), 30 * SECOND);
    complete("nothing", 0).await.unwrap();
    assert_eq!(begin.elapsed(), 30 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn call_above_burst_has_an_error_of_its_own() {
    let limited = complete("all", 1001).await.unwrap_err();
    assert!(limited.is_above_burst());
    assert_eq!(limited.retry_after(), None);
    let message = "rate limit 'complete' never admits a call of more than 1000 tokens, its `burst`: take fewer tokens";
    assert_eq!(limited.to_string(), message);
    let error: io::Error = limited.clone().into();
    assert_eq!(Rejection::find(&error), Some(Rejection::RateLimit(limited)));
}

#[retry(max = 3, delay = 1)]
#[rate_limit(per_second = 10, burst = 10, tokens = *tokens, error = |_| "too many".to_owned())]
async fn hides_the_error(calls: &Cell<u32>, tokens: &u32) -> Result<(), String> {
    calls.set(calls.get() + 1);
    Ok(())
}

#[fallback(fails, on = "rejected")]
#[retry(max = 3, delay = 1, retry_rejected = true)]
#[circuit(name = "rate_tokens::shows", threshold = 1)]
#[rate_limit(per_second = 10, burst = 10, tokens = tokens)]
async fn shows_the_error(tokens: u32) -> Result<(), Error> {
    Ok(())
}

async fn fails(_: u32) -> Result<(), Error> {
    std::future::ready(Err(Error::Down)).await
}

/// An error that does not implement `std::error::Error`, and therefore has no `source`.
struct Opaque(RateLimitedError);

#[retry(max = 3, delay = 1, retry_rejected = true)]
async fn calls_another(limit: &RateLimit, tokens: u32) -> Result<(), Opaque> {
    limit.try_acquire_many(tokens).map_err(Opaque)
}

#[tokio::test(start_paused = true)]
async fn retry_does_not_repeat_call_above_burst() {
    let (begin, calls) = (Instant::now(), Cell::new(0));
    assert_eq!(hides_the_error(&calls, &11).await, Err("too many".to_owned()));
    assert_eq!((begin.elapsed(), calls.get()), (Duration::ZERO, 0));
    assert_eq!(hides_the_error(&calls, &10).await, Ok(()));
    assert_eq!(hides_the_error(&calls, &10).await, Ok(()), "a call that comes too early is repeated");
    assert_eq!((begin.elapsed(), calls.get()), (SECOND, 2));
}

#[tokio::test(start_paused = true)]
async fn call_above_burst_is_a_rejection_for_circuit_and_fallback() {
    let begin = Instant::now();
    assert_eq!(shows_the_error(11).await, Err(Error::Down));
    let stats = get_circuit("rate_tokens::shows").unwrap().stats();
    assert_eq!((stats.total_ignored, stats.total_failed), (1, 0));
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn policy_does_not_repeat_call_above_burst() {
    let begin = Instant::now();
    let limit = RateLimit::builder("policy", 10).build().unwrap();
    let policy = RetryPolicy::builder().max(5).delay(SECOND).build().unwrap();
    let limited = policy.call(|| async { limit.try_acquire_many(11) }).await.unwrap_err();
    assert!(limited.is_above_burst());
    assert_eq!(begin.elapsed(), Duration::ZERO);
    limit.try_acquire_many(10).unwrap();
    policy.call(|| async { limit.try_acquire_many(10) }).await.unwrap();
    assert_eq!(begin.elapsed(), SECOND);
}

#[tokio::test(start_paused = true)]
async fn error_of_another_function_without_source_ends_retry() {
    let limit = RateLimit::builder("another", 10).build().unwrap();
    let begin = Instant::now();
    let Opaque(limited) = calls_another(&limit, 11).await.err().unwrap();
    assert_eq!((limited.is_above_burst(), begin.elapsed()), (true, Duration::ZERO));
    assert!(calls_another(&limit, 10).await.is_ok());
    assert!(calls_another(&limit, 10).await.is_ok());
    assert_eq!(begin.elapsed(), SECOND);
}

#[retry(max = 3, delay = 1)]
async fn returns_the_error_later(limit: &RateLimit) -> Result<(), Error> {
    let limited = limit.try_acquire_many(11);
    tokio::task::yield_now().await;
    Ok(limited?)
}

#[tokio::test(start_paused = true)]
async fn source_of_an_error_shows_that_the_call_is_above_burst() {
    let limit = RateLimit::builder("later", 10).build().unwrap();
    let begin = Instant::now();
    assert!(matches!(returns_the_error_later(&limit).await, Err(Error::Limited(limited)) if limited.is_above_burst()));
    assert_eq!(begin.elapsed(), Duration::ZERO);
}

struct Client {
    limit: RateLimit,
}

impl Client {
    #[rate_limit(with = self.limit, tokens = u32::try_from(text.len()).unwrap_or(u32::MAX))]
    async fn ask(&self, text: String) -> Result<usize, RateLimitedError> {
        Ok(text.len())
    }
}

#[tokio::test(start_paused = true)]
async fn held_limit_takes_tokens_of_the_call() {
    let client = Client { limit: RateLimit::builder("held", 10).wait(SECOND).build().unwrap() };
    let begin = Instant::now();
    client.ask("1234567890".to_owned()).await.unwrap();
    assert_eq!(client.ask("12345".to_owned()).await, Ok(5));
    assert_eq!(begin.elapsed(), SECOND / 2);
    assert!(client.ask("12345678901".to_owned()).await.unwrap_err().is_above_burst());
}

const TOKENS: u32 = 4;

#[rate_limit(per_second = 10, burst = 8, tokens = TOKENS)]
async fn four_tokens() -> Result<(), RateLimitedError> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn tokens_may_be_a_constant() {
    four_tokens().await.unwrap();
    four_tokens().await.unwrap();
    let retry_after = four_tokens().await.unwrap_err().retry_after().unwrap();
    assert_eq!(retry_after, SECOND * 4 / 10);
    advance(retry_after).await;
    four_tokens().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn small_call_waits_behind_a_large_call() {
    let limit = RateLimit::builder("large", 10).wait(9 * SECOND).build().unwrap();
    limit.try_acquire_many(10).unwrap();
    let begin = Instant::now();
    let (large, small) = tokio::join!(
        async {
            limit.acquire_many(10).await.unwrap();
            begin.elapsed()
        },
        async {
            limit.acquire_many(1).await.unwrap();
            begin.elapsed()
        }
    );
    assert_eq!((large, small), (SECOND, SECOND * 11 / 10));
}
