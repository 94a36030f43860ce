//! Tests retries whose attempts call different hosts. Each host has its own circuit.

use std::cell::{Cell, RefCell};
use std::io;
use std::pin::Pin;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitOpenError, RetryPolicy, circuit, fallback, get_circuit, hedge, retry};
use tokio::time::{Instant, advance};

const HOSTS: [&str; 2] = ["a", "b"];

fn host(attempt: u32) -> &'static str {
    HOSTS[(attempt as usize - 1) % 2]
}

#[circuit(name = "failover::host", key = host)]
async fn ask(host: &str) -> io::Result<&str> {
    if host == "b" { Ok(host) } else { Err(io::Error::other("down")) }
}

#[retry(max = 2, attempt = n, retry_rejected = true)]
async fn failover() -> io::Result<&'static str> {
    ask(host(n)).await
}

#[retry(max = 2, attempt = n)]
async fn gives_up() -> io::Result<&'static str> {
    ask(host(n)).await
}

#[tokio::test(start_paused = true)]
async fn rejection_by_one_host_leads_to_the_next() {
    for _ in 0..4 {
        let _ = ask("a").await;
    }
    assert_eq!(failover().await.unwrap(), "b");
    assert!(gives_up().await.unwrap_err().get_ref().unwrap().is::<CircuitOpenError>());
    for retries in [false, true] {
        let policy = RetryPolicy::builder().max(2).retry_rejected(retries).build().unwrap();
        let attempt = Cell::new(0);
        let answer = policy.call(|| {
            attempt.set(attempt.get() + 1);
            ask(host(attempt.get()))
        });
        assert_eq!(answer.await.is_ok(), retries);
        let attempt = Cell::new(0);
        let text = policy.call(async || {
            attempt.set(attempt.get() + 1);
            ask(host(attempt.get())).await.map_err(|error| error.to_string())
        });
        assert_eq!(text.await.is_ok(), retries, "with an error type that tells nothing");
    }
}

#[tokio::test(start_paused = true)]
async fn failure_that_opens_one_host_leads_to_the_next() {
    let _ = ask_fresh("a").await;
    let _ = ask_fresh("a").await;
    assert_eq!(fresh_failover().await.unwrap(), "b");
    assert_eq!(get_circuit("failover::fresh[a]").unwrap().stats().total_opened, 1);
}

#[circuit(name = "failover::fresh", key = host)]
async fn ask_fresh(host: &str) -> io::Result<&str> {
    if host == "b" { Ok(host) } else { Err(io::Error::other("down")) }
}

#[retry(max = 2, attempt = n, retry_rejected = true)]
async fn fresh_failover() -> io::Result<&'static str> {
    ask_fresh(host(n)).await
}

async fn instead(_: &RefCell<Vec<u32>>) -> io::Result<&'static str> {
    std::future::ready(Ok("instead")).await
}

#[fallback(instead, on = "rejected")]
#[retry(max = 3, delay = 1, backoff = 1, attempt = n)]
#[circuit(name = "failover::attempt", key = host(n), threshold = 1, retry_after = |_| None)]
async fn by_attempt(calls: &RefCell<Vec<u32>>) -> io::Result<&'static str> {
    calls.borrow_mut().push(n);
    if n == 2 && calls.borrow().len() < 5 { Ok(host(n)) } else { Err(io::Error::other("down")) }
}

#[tokio::test(start_paused = true)]
async fn key_names_the_attempt() {
    let (begin, calls) = (Instant::now(), RefCell::default());
    assert_eq!(by_attempt(&calls).await.unwrap(), "b");
    assert_eq!(calls.borrow()[..], [1, 2], "the circuit of `a` is open now");
    assert_eq!(begin.elapsed().as_secs(), 1, "the pause is made");
    assert_eq!(by_attempt(&calls).await.unwrap(), "b");
    assert_eq!(calls.borrow()[..], [1, 2, 2], "the circuit of `a` rejects");
    assert_eq!(begin.elapsed().as_secs(), 2, "the pause is made");
    assert_eq!(get_circuit("failover::attempt[a]").unwrap().stats().total_rejected, 1);
    get_circuit("failover::attempt[b]").unwrap().trip();
    assert_eq!(by_attempt(&calls).await.unwrap(), "instead");
    assert_eq!(calls.borrow().len(), 3);
}

#[retry(max = 2, delay = 0, attempt = n)]
#[hedge(after = 1)]
#[circuit(name = "failover::hedged", key = host(n), threshold = 1)]
async fn hedged() -> io::Result<&'static str> {
    if n == 2 { Ok(host(n)) } else { Err(io::Error::other("down")) }
}

#[circuit(name = "failover::above", threshold = 1, error = |open| open.to_string())]
#[retry(max = 2, delay = 0, attempt = n)]
#[circuit(name = "failover::text", key = host(n), threshold = 1, error = |open| open.to_string())]
async fn text(up: bool) -> Result<&'static str, String> {
    if n == 2 && up { Ok(host(n)) } else { Err("down".to_owned()) }
}

#[tokio::test(start_paused = true)]
async fn key_names_attempt_in_other_stacks() {
    assert_eq!(hedged().await.unwrap(), "b");
    assert_eq!(hedged().await.unwrap(), "b");
    assert_eq!(text(true).await.unwrap(), "b");
    assert_eq!(text(true).await.unwrap(), "b");
    get_circuit("failover::text[b]").unwrap().trip();
    assert!(text(true).await.unwrap_err().contains("failover::text[b]"));
    assert_eq!(get_circuit("failover::above").unwrap().stats().total_ignored, 1);
}

#[retry(max = 3, delay = 0, retry_rejected = true)]
#[circuit(name = "failover::own", threshold = 1, cooldown = 5)]
async fn own() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[retry(max = 3, delay = 0, retry_rejected = true)]
#[hedge(after = 1)]
#[circuit(name = "failover::own_below_hedge", threshold = 1, cooldown = 5)]
async fn own_below_hedge() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[tokio::test(start_paused = true)]
async fn rejection_by_own_circuit_ends_retry() {
    let circuits = ["failover::own", "failover::own_below_hedge"].map(|name| get_circuit(name).unwrap());
    let rejected = || circuits.each_ref().map(|circuit| circuit.stats().total_rejected);
    circuits.iter().for_each(CircuitBreaker::force_open);
    own().await.unwrap_err();
    own_below_hedge().await.unwrap_err();
    assert_eq!(rejected(), [1, 1]);
    circuits.iter().for_each(CircuitBreaker::trip);
    advance(Duration::from_secs(5)).await;
    let _trials = circuits.each_ref().map(|circuit| circuit.try_acquire().unwrap());
    own().await.unwrap_err();
    own_below_hedge().await.unwrap_err();
    assert_eq!(rejected(), [2, 2], "half-open, so that the circuit may admit the next attempt");
}

#[circuit(name = "failover::called", threshold = 1, cooldown = 1000)]
async fn called() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[retry(max = 2, delay = 10, attempt = n)]
#[circuit(name = "failover::above_called", key = host(n), threshold = 1)]
async fn calls() -> io::Result<()> {
    called().await
}

#[retry(max = 2, delay = 10, attempt = n)]
#[hedge(after = 1)]
#[circuit(name = "failover::hedged_above_called", key = host(n), threshold = 1)]
async fn calls_below_hedge() -> io::Result<()> {
    called().await
}

type Unnamed = Pin<Box<dyn Future<Output = io::Result<()>>>>;

#[retry(max = 2, delay = 10, attempt = n)]
#[circuit(name = "failover::unnamed_above_called", key = host(n), threshold = 1)]
fn calls_in_unnamed_future() -> Unnamed {
    Box::pin(async move { called().await })
}

#[circuit(name = "failover::family", key = host, threshold = 1, cooldown = 1000)]
async fn other_key(host: &str) -> io::Result<()> {
    Err(io::Error::other(host))
}

#[retry(max = 2, delay = 10, attempt = n)]
#[circuit(name = "failover::family", key = host(n), threshold = 1)]
async fn calls_other_key() -> io::Result<()> {
    other_key("c").await
}

#[retry(max = 2, delay = 10, attempt = n)]
#[circuit(name = "failover::plain", threshold = 1)]
#[circuit(name = "failover::below_plain", key = host(n), threshold = 1)]
async fn has_plain_circuit() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[retry(max = 2, delay = 10, attempt = n)]
#[hedge(after = 1)]
#[circuit(name = "failover::only_own", key = host(n), threshold = 1)]
async fn has_only_own_circuit() -> io::Result<()> {
    Err(io::Error::other("down"))
}

#[tokio::test(start_paused = true)]
async fn key_of_attempt_exempts_only_its_own_circuit() {
    let begin = Instant::now();
    calls().await.unwrap_err();
    let reset = || get_circuit("failover::called").unwrap().reset();
    reset();
    calls_below_hedge().await.unwrap_err();
    reset();
    calls_in_unnamed_future().await.unwrap_err();
    calls_other_key().await.unwrap_err();
    has_plain_circuit().await.unwrap_err();
    assert_eq!(begin.elapsed(), Duration::ZERO);
    has_only_own_circuit().await.unwrap_err();
    assert_eq!(begin.elapsed(), Duration::from_secs(10));
}
