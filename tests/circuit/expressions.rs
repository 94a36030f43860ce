//! Tests circuits above attributes whose options are expressions. Also tests a circuit above a fallback whose function
//! is not `async`.

use std::future::{Future, ready};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CircuitBreaker, CircuitState, Rejection, bulkhead, circuit, fallback, get_circuit, get_circuit_stats,
    hedge, rate_limit, retry, timeout,
};
use support::seconds;
use tokio::task::yield_now;
use tokio::time::advance;

use crate::hidden::Hidden;

type Call = Pin<Box<dyn Future<Output = io::Result<()>>>>;

/// Uses `resume_unwind`, because `panic!` would print a message.
fn panics<T>() -> T {
    resume_unwind(Box::new("panicked"))
}

fn poll<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

fn down() -> io::Error {
    io::Error::other("down")
}

#[circuit(name = "expressions::timeout")]
#[timeout(panics())]
async fn timed() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::hedge")]
#[hedge(after = panics())]
async fn hedged() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::wait")]
#[bulkhead(max = 1, wait = panics())]
async fn queued() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::rate")]
#[rate_limit(per_second = 9, wait = panics())]
async fn paced() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::tokens")]
#[rate_limit(per_second = 9, burst = 9, tokens = panics())]
async fn counted() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::tokens_in_line")]
#[rate_limit(per_second = 9, burst = 9, tokens = panics(), wait = 1)]
async fn counted_in_line() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::key")]
#[retry(max = 2, delay = 0, attempt = n)]
#[circuit(name = "expressions::keys", key = n + panics::<u32>())]
async fn keyed() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::hedged")]
#[hedge(after = 1)]
#[timeout(panics())]
async fn timed_in_hedge() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::fallback")]
#[fallback(panics_at_once)]
async fn falls_back() -> io::Result<()> {
    Err(down())
}

fn panics_at_once() -> Call {
    panics()
}

#[tokio::test(start_paused = true)]
async fn panic_of_expression_is_failure_of_circuit_above() {
    let calls: [(&str, Call); 9] = [
        ("timeout", Box::pin(timed())),
        ("hedge", Box::pin(hedged())),
        ("wait", Box::pin(queued())),
        ("rate", Box::pin(paced())),
        ("tokens", Box::pin(counted())),
        ("tokens_in_line", Box::pin(counted_in_line())),
        ("key", Box::pin(keyed())),
        ("hedged", Box::pin(timed_in_hedge())),
        ("fallback", Box::pin(falls_back())),
    ];
    for (name, call) in calls {
        catch_unwind(AssertUnwindSafe(|| poll(call))).map(drop).expect_err(name);
        let stats = get_circuit(&format!("expressions::{name}")).unwrap().stats();
        assert_eq!((stats.total_failed, stats.total_cancelled), (1, 0), "{name}");
    }
}

fn breaker(name: &str) -> CircuitBreaker {
    get_circuit(name).expect("declared by an attribute")
}

/// Asks a circuit for a permit. If the circuit admits the call, reports a success and returns 1 s. Otherwise, returns
/// zero.
fn asked(name: &str) -> Duration {
    match breaker(name).try_acquire() {
        Ok(permit) => {
            permit.success();
            seconds(1)
        }
        Err(_) => Duration::ZERO,
    }
}

fn count_asked(name: &str) -> u32 {
    u32::from(!asked(name).is_zero())
}

#[circuit(name = "expressions::trial", cooldown = 1)]
#[timeout(asked("expressions::trial"))]
async fn asks_in_time() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::trial_wait", cooldown = 1)]
#[bulkhead(max = 1, wait = asked("expressions::trial_wait"))]
#[timeout(1)]
async fn asks_in_wait() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::trial_hedge", cooldown = 1)]
#[hedge(after = asked("expressions::trial_hedge"))]
async fn asks_in_hedge() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::trial_tokens", cooldown = 1)]
#[rate_limit(per_second = 9, burst = 9, tokens = count_asked("expressions::trial_tokens"))]
async fn asks_in_tokens() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::trial_key", cooldown = 1)]
#[retry(max = 2, delay = 0, attempt = n)]
#[circuit(name = "expressions::trial_keys", key = n + count_asked("expressions::trial_key"))]
async fn asks_in_key() -> io::Result<()> {
    Ok(())
}

#[circuit(name = "expressions::trial_fallback", cooldown = 1)]
#[fallback(asks_at_once)]
async fn asks_in_fallback() -> io::Result<()> {
    Err(down())
}

/// Calls the circuit at once, and not when a caller polls the returned future.
fn asks_at_once() -> std::future::Ready<io::Result<()>> {
    let admitted = !asked("expressions::trial_fallback").is_zero();
    std::future::ready(if admitted { Ok(()) } else { Err(down()) })
}

#[circuit(name = "expressions::trial_closure", cooldown = 1)]
#[fallback(|error| if asked("expressions::trial_closure").is_zero() { Err(error) } else { Ok(()) })]
async fn asks_in_closure() -> io::Result<()> {
    Err(down())
}

#[circuit(name = "expressions::trial_value", cooldown = 1)]
#[timeout(1)]
#[fallback(value = assert!(!asked("expressions::trial_value").is_zero()))]
async fn asks_in_value() -> io::Result<()> {
    Err(down())
}

#[circuit(name = "expressions::trial_plain_closure", cooldown = 1)]
#[fallback(|error| if asked("expressions::trial_plain_closure").is_zero() { Err(error) } else { Ok(()) })]
fn asks_in_plain_closure() -> io::Result<()> {
    Err(down())
}

#[tokio::test(start_paused = true)]
async fn call_in_expression_belongs_to_trial() {
    let calls: [(&str, Call); 9] = [
        ("trial", Box::pin(asks_in_time())),
        ("trial_wait", Box::pin(asks_in_wait())),
        ("trial_hedge", Box::pin(asks_in_hedge())),
        ("trial_tokens", Box::pin(asks_in_tokens())),
        ("trial_key", Box::pin(asks_in_key())),
        ("trial_fallback", Box::pin(asks_in_fallback())),
        ("trial_closure", Box::pin(asks_in_closure())),
        ("trial_value", Box::pin(asks_in_value())),
        ("trial_plain_closure", Box::pin(async { asks_in_plain_closure() })),
    ];
    for (name, call) in calls {
        let circuit = breaker(&format!("expressions::{name}"));
        circuit.trip();
        advance(seconds(1)).await;
        assert_eq!(circuit.state(), CircuitState::HalfOpen, "{name}");
        call.await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((circuit.state(), circuit.stats().total_rejected), (CircuitState::Closed, 0), "{name}");
    }
}

#[timeout(1)]
#[circuit(name = "expressions::fallible", key = host.parse::<u8>().map_err(|_| down())?)]
async fn of_host(host: &str) -> io::Result<()> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn key_that_fails_ends_call_before_its_attributes() {
    of_host("7").await.unwrap();
    of_host("no number").await.unwrap_err();
    let stats = breaker("expressions::fallible[7]").stats();
    assert_eq!((stats.total_succeeded, stats.total_failed), (1, 0));
    assert_eq!(get_circuit_stats().keys().filter(|name| name.starts_with("expressions::fallible")).count(), 1);
}

#[bulkhead(max = 1, wait = (|| Some(seconds(limits.first().copied()?)))().unwrap_or_default())]
#[timeout(limits.iter().map(|limit| { if *limit > 9 { return seconds(9) } seconds(*limit) }).sum::<Duration>())]
#[hedge(after = match poll(async { std::future::ready(limits.len()).await }) { Poll::Ready(n) => seconds(n as u64), Poll::Pending => seconds(1) })]
async fn with_closures(limits: &[u64]) -> io::Result<u64> {
    tokio::time::sleep(seconds(20)).await;
    Ok(limits.iter().sum())
}

#[tokio::test(start_paused = true)]
async fn expression_may_contain_closures_and_blocks() {
    let begin = tokio::time::Instant::now();
    with_closures(&[3, 12]).await.unwrap_err();
    assert_eq!(begin.elapsed(), seconds(12));
}

/// Describes a fallback function that makes a rejected call before it returns its future.
#[derive(Clone, Copy, Debug)]
enum AtOnce {
    /// The first poll of the future returns the rejection.
    Returned,
    /// The function drops the rejection, and the first poll returns another error.
    Dropped,
    /// The second poll drops the rejection, and returns another error.
    DroppedLater,
    /// The function drops the rejection, and the first poll returns a value.
    Recovered,
}

/// Returns the rejection of a full bulkhead.
fn from_full(slots: &Bulkhead) -> Hidden {
    Rejection::from(slots.try_acquire().unwrap_err()).into()
}

type Outcome = Result<u32, Hidden>;

fn rejects_at_once(slots: &Bulkhead, way: AtOnce, _is_rejected: bool) -> Pin<Box<dyn Future<Output = Outcome>>> {
    let rejection = from_full(slots);
    match way {
        AtOnce::Returned => Box::pin(ready(Err(rejection))),
        AtOnce::Dropped => {
            drop(rejection);
            Box::pin(ready(Err(Hidden::Down)))
        }
        AtOnce::DroppedLater => Box::pin(async move {
            yield_now().await;
            drop(rejection);
            Err(Hidden::Down)
        }),
        AtOnce::Recovered => Box::pin(ready(Ok(1))),
    }
}

#[fallback(value = 9, on = "rejected")]
#[fallback(rejects_at_once)]
async fn shows_rejection(slots: &Bulkhead, way: AtOnce, is_rejected: bool) -> Outcome {
    if is_rejected { Err(from_full(slots)) } else { Err(Hidden::Down) }
}

#[circuit(name = "expressions::at_once", threshold = 99, failure_if_ok = |_| false)]
#[fallback(rejects_at_once)]
async fn counts_rejection(slots: &Bulkhead, way: AtOnce, is_rejected: bool) -> Outcome {
    if is_rejected { Err(from_full(slots)) } else { Err(Hidden::Down) }
}

#[tokio::test]
async fn rejection_before_future_of_fallback_is_found() {
    let slots = Bulkhead::builder("expressions::full", 1).build().unwrap();
    let _slot = slots.try_acquire().unwrap();
    for (way, shown, totals) in [
        (AtOnce::Returned, Some(9), [0, 0, 1]),
        (AtOnce::Dropped, None, [0, 1, 0]),
        (AtOnce::DroppedLater, None, [0, 1, 0]),
        (AtOnce::Recovered, Some(1), [1, 0, 0]),
    ] {
        for is_rejected in [false, true] {
            let outcome = shows_rejection(&slots, way, is_rejected).await;
            assert_eq!(outcome.ok(), shown, "{way:?}, the body rejected: {is_rejected}");
            let stats = || get_circuit("expressions::at_once").unwrap().stats();
            let before = stats();
            let _ = counts_rejection(&slots, way, is_rejected).await;
            let after = stats();
            let counted = [
                after.total_succeeded - before.total_succeeded,
                after.total_failed - before.total_failed,
                after.total_ignored - before.total_ignored,
            ];
            assert_eq!(counted, totals, "{way:?}, the body rejected: {is_rejected}");
        }
    }
}
