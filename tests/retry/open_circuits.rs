//! Tests a retry whose body makes a call through a circuit. If the circuit would still be open after the next pause,
//! the retry must end without this pause.

use std::cell::{Cell, RefCell};
use std::future::{Future, pending};
use std::io;
use std::time::Duration;

use resilience_runtime::{
    CallError, CircuitBreaker, RateLimit, RateLimitedError, RetryPolicy, circuit, get_circuit, retry, timeout,
};
use support::{Error, seconds};
use tokio::time::{Instant, sleep};

pub(crate) fn breaker(name: &str) -> CircuitBreaker {
    get_circuit(name).expect("declared by an attribute")
}

/// An error that does not implement `std::error::Error`.
#[derive(Debug)]
pub(crate) struct Plain;

impl From<resilience_runtime::CircuitOpenError> for Plain {
    fn from(_: resilience_runtime::CircuitOpenError) -> Self {
        Self
    }
}

#[circuit(name = "open_circuits::text", error = |open| open.to_string())]
async fn text() -> Result<(), String> {
    Err("down".to_owned())
}

#[circuit(name = "open_circuits::plain")]
async fn plain() -> Result<(), Plain> {
    Err(Plain)
}

#[circuit(name = "open_circuits::io")]
async fn an_io_error() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[retry(max = 4, delay = 8)]
async fn retries_text() -> Result<(), String> {
    text().await
}

#[retry(max = 4, delay = 8)]
async fn retries_io() -> io::Result<()> {
    an_io_error().await
}

pub(crate) fn policy() -> RetryPolicy {
    RetryPolicy::builder().max(4).delay(seconds(8)).build().unwrap()
}

pub(crate) async fn duration<T>(call: impl Future<Output = T>) -> Duration {
    let begin = Instant::now();
    call.await;
    begin.elapsed()
}

/// Resets the circuit `name`, and runs `retry`. Opens the circuit 4 s after the start of `retry`. Returns the duration
/// of `retry` in seconds.
async fn opened_by_others<T>(name: &str, retry: impl Future<Output = T>) -> u64 {
    let begin = Instant::now();
    breaker(name).reset();
    let open = async {
        sleep(seconds(4)).await;
        breaker(name).trip();
    };
    let (_, ()) = tokio::join!(retry, open);
    begin.elapsed().as_secs()
}

#[tokio::test(start_paused = true)]
async fn rejection_of_any_error_type_ends_retry() {
    assert_eq!(opened_by_others("open_circuits::text", retries_text()).await, 8);
    assert_eq!(opened_by_others("open_circuits::io", retries_io()).await, 8);
    assert_eq!(opened_by_others("open_circuits::text", policy().call(text)).await, 8);
    assert_eq!(opened_by_others("open_circuits::plain", policy().call(plain)).await, 8);
    assert_eq!(opened_by_others("open_circuits::io", policy().call(an_io_error)).await, 8);
    let boxed = || async { an_io_error().await.map_err(anyhow::Error::from) };
    assert_eq!(opened_by_others("open_circuits::io", policy().call(boxed)).await, 8);
    let held = || async {
        let breaker = breaker("open_circuits::io");
        breaker.call(|| std::future::ready(Err::<(), _>(Plain))).await
    };
    assert_eq!(opened_by_others("open_circuits::io", policy().call(held)).await, 8);
}

#[tokio::test(start_paused = true)]
async fn rejection_by_half_open_circuit_ends_policy() {
    let breaker = CircuitBreaker::builder("open_circuits::half_open").cooldown(seconds(1)).build().unwrap();
    breaker.trip();
    sleep(seconds(1)).await;
    let _trial = breaker.try_acquire().unwrap();
    let begin = Instant::now();
    // The rejection asks for a wait of at most 1 s. The rejection must end the retry, although the next pause of 8 s is
    // longer than this wait.
    let rejected = policy().call(|| breaker.call(|| std::future::ready(Err::<(), _>(Plain)))).await;
    assert!(matches!(rejected, Err(CallError::Rejected(_))));
    assert_eq!((begin.elapsed(), breaker.stats().total_rejected), (Duration::ZERO, 1));
}

#[circuit(name = "open_circuits::fails_with_text", error = |open| open.to_string())]
async fn fails_with_text() -> Result<(), String> {
    Err("down".to_owned())
}

#[circuit(name = "open_circuits::fails_with_io")]
async fn fails_with_io() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[tokio::test(start_paused = true)]
async fn failure_that_opens_called_circuit_ends_retry() {
    let begin = Instant::now();
    let eager = RetryPolicy::builder().max(9).delay(Duration::ZERO).build().unwrap();
    assert_eq!(
        eager.call(fails_with_text).await,
        Err("down".to_owned()),
        "the real error, not that the circuit is open"
    );
    assert_eq!(breaker("open_circuits::fails_with_text").stats().total_rejected, 0);
    let late = RetryPolicy::builder().max(9).delay(seconds(1)).build().unwrap();
    assert_eq!(late.call(fails_with_io).await.unwrap_err().to_string(), "down");
    assert_eq!(begin.elapsed(), seconds(3), "three attempts");
}

#[circuit(name = "open_circuits::short", threshold = 1, cooldown = 5)]
async fn short(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 { Err(Error::Down) } else { Ok(()) }
}

#[circuit(name = "open_circuits::as_long_as_pause", threshold = 1, cooldown = 8)]
async fn as_long_as_pause(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 { Err(Error::Down) } else { Ok(()) }
}

#[retry(max = 2, delay = 8)]
#[circuit(name = "open_circuits::own", threshold = 1, cooldown = 8)]
async fn retries_own_circuit(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    if calls.get() == 1 { Err(Error::Down) } else { Ok(()) }
}

#[tokio::test(start_paused = true)]
async fn pause_that_reaches_end_of_cooldown_is_made() {
    let calls = Cell::new(0);
    policy().call(|| short(&calls)).await.unwrap();
    assert_eq!(calls.take(), 2);
    policy().call(|| as_long_as_pause(&calls)).await.unwrap();
    assert_eq!(calls.take(), 2, "the cooldown ends with the pause");
    retries_own_circuit(&calls).await.unwrap();
    assert_eq!(calls.take(), 2, "the cooldown of a circuit on the same function ends with the pause");
}

#[circuit(name = "open_circuits::other", threshold = 9)]
async fn other() -> Result<(), Error> {
    Err(Error::Down)
}

#[retry(max = 3, delay = 1)]
async fn handles(calls: &Cell<u32>) -> Result<(), Error> {
    calls.set(calls.get() + 1);
    let _ = text_rejected().await;
    Err(Error::Down)
}

async fn text_rejected() -> Result<(), String> {
    rejects().await
}

#[circuit(name = "open_circuits::rejects", error = |open| open.to_string())]
async fn rejects() -> Result<(), String> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn handled_rejection_does_not_end_retry() {
    breaker("open_circuits::rejects").force_open();
    let calls = Cell::new(0);
    handles(&calls).await.unwrap_err();
    assert_eq!(calls.get(), 3);
    let calls = Cell::new(0);
    let policy = RetryPolicy::default();
    let call = policy.call(|| async {
        calls.set(calls.get() + 1);
        let _ = rejects().await;
        other().await
    });
    assert_eq!(call.await, Err(Error::Down));
    assert_eq!(calls.get(), 3, "the circuit that decided last is closed");
}

#[tokio::test(start_paused = true)]
async fn note_of_another_task_or_poll_does_not_end_retry() {
    breaker("open_circuits::rejects").force_open();
    let calls = Cell::new(0);
    let policy = RetryPolicy::default();
    let call = policy.call(|| async {
        calls.set(calls.get() + 1);
        let _ = tokio::spawn(rejects()).await;
        Err::<(), _>(Plain)
    });
    call.await.unwrap_err();
    assert_eq!(calls.get(), 3);

    let (kept, calls) = (RefCell::default(), Cell::new(0));
    keeps_rejections(&kept, &calls).await.unwrap_err();
    assert_eq!(calls.get(), 3, "the timeout ended each attempt, and not a rejection during the last poll");
}

/// Stores a rejection in `kept`. If the body returned this rejection, the retry would end.
#[retry(max = 3, delay = 1)]
#[timeout(1, error = |late| late.to_string())]
async fn keeps_rejections(kept: &RefCell<Vec<RateLimitedError>>, calls: &Cell<u32>) -> Result<(), String> {
    calls.set(calls.get() + 1);
    let limit = RateLimit::builder("open_circuits::kept", 1).burst(1).build().unwrap();
    // The timeout ends the attempt in the same poll in which this sleep ends.
    sleep(seconds(1)).await;
    kept.borrow_mut().extend(limit.try_acquire_many(2).err());
    assert!(kept.borrow().iter().all(RateLimitedError::is_above_burst));
    pending().await
}

#[tokio::test(start_paused = true)]
async fn rejection_in_synchronous_part_of_closure_ends_policy() {
    let breaker = CircuitBreaker::builder("open_circuits::synchronous").build().unwrap();
    breaker.force_open();
    let begin = Instant::now();
    let rejected = || std::future::ready(breaker.try_acquire().map(drop));
    assert!(policy().call(rejected).await.is_err());
    assert_eq!((begin.elapsed(), breaker.stats().total_rejected), (Duration::ZERO, 1));
}

#[circuit(name = "open_circuits::forced", cooldown = 1, error = |open| open.to_string())]
async fn forced_open() -> Result<(), String> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn retry_does_not_wait_for_forced_open_circuit() {
    let breaker = breaker("open_circuits::forced");
    breaker.force_open();
    assert_eq!(duration(policy().call(forced_open)).await, Duration::ZERO);
    assert_eq!(breaker.stats().total_rejected, 1);
}

/// A circuit that is forced open during a call rejects each later call, so the retry must end. A shadow circuit rejects
/// no call, so the retry must continue.
#[tokio::test(start_paused = true)]
async fn retry_does_not_wait_for_circuit_forced_open_during_call() {
    for (cooldown, shadow, paused) in [(1, false, 0), (0, false, 0), (1, true, 56), (0, true, 56)] {
        let builder = CircuitBreaker::builder("open_circuits::forcing").cooldown(seconds(cooldown)).shadow(shadow);
        let forcing = builder.build().unwrap();
        let forces = || async {
            forcing.force_open();
            Err::<(), _>(Plain)
        };
        let call = || forcing.call(forces);
        assert_eq!(duration(policy().call(call)).await, seconds(paused), "cooldown {cooldown}, shadow {shadow}");
    }
}

#[circuit(name = "open_circuits::hung", threshold = 1, hung_after = 1, cooldown = 1000)]
async fn hangs() -> Result<(), Error> {
    pending().await
}

#[retry(max = 3, delay = 10)]
#[timeout(2)]
async fn retries_with_timeout() -> Result<(), Error> {
    hangs().await
}

#[retry(max = 3, delay = 10)]
#[circuit(name = "open_circuits::above_timeout", threshold = 99)]
#[timeout(2)]
async fn retries_with_circuit_and_timeout() -> Result<(), Error> {
    hangs().await
}

#[tokio::test(start_paused = true)]
async fn timeout_that_opens_called_circuit_ends_retry() {
    let begin = Instant::now();
    assert!(matches!(retries_with_timeout().await, Err(Error::Timeout(_))));
    assert_eq!(begin.elapsed(), seconds(2));
    breaker("open_circuits::hung").reset();
    assert!(matches!(retries_with_circuit_and_timeout().await, Err(Error::Timeout(_))));
    assert_eq!(begin.elapsed(), seconds(4));
}

#[circuit(name = "open_circuits::selected", threshold = 1, cooldown = 1000, failure_if_ok = |status| *status == 503)]
async fn answers_503() -> Result<u16, Error> {
    Ok(503)
}

#[retry(max = 3, delay = 10, retry_if_ok = |status| *status == 503)]
async fn retries_503() -> Result<u16, Error> {
    answers_503().await
}

#[tokio::test(start_paused = true)]
async fn selected_value_that_opens_called_circuit_ends_retry() {
    let begin = Instant::now();
    assert_eq!(retries_503().await, Ok(503));
    breaker("open_circuits::selected").reset();
    let policy = RetryPolicy::builder().delay(seconds(10)).retry_if_ok(|status: &u16| *status == 503).build().unwrap();
    assert_eq!(policy.call(answers_503).await, Ok(503));
    assert_eq!(begin.elapsed(), Duration::ZERO);
}
