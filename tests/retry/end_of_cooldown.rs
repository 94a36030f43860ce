//! Tests whether a retry makes another attempt if its pause ends near the end of a cooldown.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, SystemTime};

use resilience_runtime::{
    CallError, CircuitBreaker, Classifier, Rejection, RetryPolicy, circuit, retry, retry_after_header,
};
use support::seconds;
use tokio::time::{Instant, advance};

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Rejected(#[from] Rejection),
    #[error("try again at {0:?}")]
    At(std::time::Instant),
    #[error("Retry-After: {0}")]
    Date(String),
    #[error("down")]
    Down,
}

/// Returns the delay until the point in time in the error. Each call returns a shorter delay, because this function
/// reads the system's clock.
fn delay_of(error: &Error) -> Option<Duration> {
    match error {
        Error::At(at) => Some(at.saturating_duration_since(std::time::Instant::now())),
        Error::Date(date) => retry_after_header(date, SystemTime::now()),
        Error::Rejected(_) | Error::Down => None,
    }
}

fn in_a_minute() -> Error {
    Error::At(std::time::Instant::now() + seconds(60))
}

fn date() -> Error {
    Error::Date(httpdate::fmt_http_date(SystemTime::now() + seconds(60)))
}

/// Fails at the first call, and succeeds at the second call.
fn first_fails(calls: &Cell<u32>, error: Error) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 { Err(error) } else { Ok(()) }
}

#[circuit(with = breaker, retry_after = delay_of)]
async fn called(breaker: &CircuitBreaker, calls: &Cell<u32>, error: fn() -> Error) -> Result<(), Error> {
    first_fails(calls, error())
}

#[retry(max = 2, delay = 1, retry_after = delay_of)]
async fn calling(breaker: &CircuitBreaker, calls: &Cell<u32>, error: fn() -> Error) -> Result<(), Error> {
    called(breaker, calls, error).await
}

#[retry(max = 2, delay = 1)]
#[circuit(with = breaker, retry_after = delay_of)]
async fn on_one_function(breaker: &CircuitBreaker, calls: &Cell<u32>, error: fn() -> Error) -> Result<(), Error> {
    first_fails(calls, error())
}

#[retry(max = 2, delay = 1, max_elapsed = 60)]
#[circuit(with = breaker, retry_after = delay_of)]
async fn within_a_minute(breaker: &CircuitBreaker, calls: &Cell<u32>, error: fn() -> Error) -> Result<(), Error> {
    first_fails(calls, error())
}

fn breaker(cooldown: Duration) -> CircuitBreaker {
    CircuitBreaker::builder("end_of_cooldown").threshold(1).cooldown(cooldown).build().unwrap()
}

#[tokio::test(start_paused = true)]
async fn attempt_at_the_time_of_the_service_follows() {
    let policy = RetryPolicy::builder().max(2).delay(seconds(1)).retry_after(delay_of).build().unwrap();
    let classifier = Classifier::builder().retry_after(delay_of).build().unwrap();
    for error in [in_a_minute, date] {
        calling(&breaker(seconds(5)), &Cell::new(0), error).await.unwrap();
        on_one_function(&breaker(seconds(5)), &Cell::new(0), error).await.unwrap();
        within_a_minute(&breaker(seconds(5)), &Cell::new(0), error).await.unwrap();
        let (breaker, calls) = (breaker(seconds(5)), Cell::new(0));
        let call = || async {
            let body = || async { first_fails(&calls, error()) };
            breaker.call_with(&classifier, body).await.map_err(CallError::into_error)
        };
        let outcome: Result<(), Error> = policy.call(call).await;
        outcome.unwrap();
    }
}

#[retry(max = 2, delay = 1)]
#[circuit(with = breaker, retry_after = |_| Some(Duration::from_secs(60)))]
async fn with_constant_delay(breaker: &CircuitBreaker, calls: &Cell<u32>) -> Result<(), Error> {
    first_fails(calls, Error::Down)
}

#[retry(max = 2, delay = 60)]
#[circuit(with = breaker)]
async fn without_delay(breaker: &CircuitBreaker, calls: &Cell<u32>) -> Result<(), Error> {
    first_fails(calls, Error::Down)
}

#[tokio::test(start_paused = true)]
async fn pause_becomes_longer_by_a_tenth_of_a_second_at_most_and_only_for_a_delay_of_the_service() {
    for (more, is_ok) in [(0, true), (1, true), (100, true), (101, false)] {
        let begin = Instant::now();
        let cooldown = seconds(60) + Duration::from_millis(more);
        assert_eq!(with_constant_delay(&breaker(cooldown), &Cell::new(0)).await.is_ok(), is_ok, "{more} ms");
        assert_eq!(begin.elapsed(), if is_ok { cooldown } else { Duration::ZERO });
        assert_eq!(without_delay(&breaker(cooldown), &Cell::new(0)).await.is_ok(), more == 0, "{more} ms");
    }
}

/// Moves the paused clock during a poll of a body, as if the body worked for this time.
fn work_for(time: Duration) {
    // Polls the future `advance` only once, because the first poll already moves the clock.
    let _pending = pin!(advance(time)).poll(&mut Context::from_waker(Waker::noop()));
}

#[tokio::test(start_paused = true)]
async fn work_after_the_failure_counts_towards_the_cooldown() {
    let policy = RetryPolicy::builder().max(2).delay(seconds(2)).build().unwrap();
    for (work, attempts) in [(0, 1), (1, 1), (2, 2), (3, 2), (9, 2)] {
        let (breaker, calls) = (breaker(seconds(4)), Cell::new(0));
        let call = || async {
            let outcome = breaker.call(|| async { first_fails(&calls, Error::Down) }).await;
            outcome.map_err(|_| {
                work_for(seconds(work));
                Error::Down
            })
        };
        _ = policy.call(call).await;
        assert_eq!(calls.get(), attempts, "{work} s of work");
    }
}

#[circuit(with = breaker, error = |open| open.to_string())]
async fn rejected(breaker: &CircuitBreaker) -> Result<(), String> {
    Ok(())
}

#[circuit(with = breaker, error = |open| open.to_string())]
fn rejected_plain(breaker: &CircuitBreaker) -> Result<(), String> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn work_after_the_rejection_counts_towards_the_cooldown() {
    let policy = RetryPolicy::builder().max(2).delay(seconds(2)).build().unwrap();
    let plain = RetryPolicy::builder().max(2).delay(Duration::ZERO).build().unwrap();
    for (work, attempts) in [(0, 1), (1, 1), (2, 2), (3, 2), (9, 2)] {
        let (breaker, calls) = (breaker(seconds(4)), Cell::new(0));
        breaker.trip();
        let call = || async {
            calls.set(calls.get() + 1);
            rejected(&breaker).await.inspect_err(|_| work_for(seconds(work)))
        };
        _ = policy.call(call).await;
        assert_eq!(calls.take(), attempts, "{work} s of work");

        breaker.reset();
        breaker.trip();
        let call = || {
            calls.set(calls.get() + 1);
            rejected_plain(&breaker).inspect_err(|_| work_for(seconds(2 + work)))
        };
        _ = plain.call_blocking(call);
        assert_eq!(calls.get(), attempts, "{work} s of work in a plain function");
    }
}
