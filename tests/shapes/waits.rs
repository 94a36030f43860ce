//! Tests functions whose call may wait for a bulkhead or a rate limit. The body and a function in an option use the same
//! argument.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use resilience_runtime::{bulkhead, circuit, fallback, rate_limit, timeout};

fn consume(text: String) -> io::Result<usize> {
    Err(io::Error::other(text))
}

#[fallback(|_| Ok(text.len()), clone(text))]
#[bulkhead(max = 3, wait = 1)]
async fn closure_above_bulkhead(text: String) -> io::Result<usize> {
    consume(text)
}

#[bulkhead(max = 3, wait = 1)]
#[fallback(|_| Ok(text.len()), clone(text))]
async fn closure_below_bulkhead(text: String) -> io::Result<usize> {
    consume(text)
}

#[fallback(value = text.len(), clone(text))]
#[rate_limit(per_second = 3, wait = 1)]
async fn value_above_rate_limit(text: String) -> io::Result<usize> {
    consume(text)
}

#[rate_limit(per_second = 3, wait = 1)]
#[fallback(value = text.len(), clone(text))]
async fn value_below_rate_limit(mut text: String) -> io::Result<usize> {
    text.push_str("of the clone");
    consume(text)
}

#[fallback(|_| Ok(text.len()), clone(text))]
#[bulkhead(max = 3, wait = 1)]
async fn body_borrows(text: String) -> io::Result<usize> {
    Err(io::Error::other(text.as_str()))
}

#[fallback(|_| Ok(text.len()), clone(text))]
#[circuit(name = "waits::recommended", threshold = 100)]
#[timeout(5)]
#[bulkhead(max = 3, wait = 1)]
async fn recommended_order(text: String) -> io::Result<usize> {
    consume(text)
}

#[fallback(|_| Ok(text.len()), clone(text))]
#[rate_limit(per_second = 3, wait = 1)]
#[bulkhead(max = 3, wait = 1)]
async fn two_waits(text: String) -> io::Result<usize> {
    consume(text)
}

#[fallback(|_| Ok(text.len()), clone(text))]
#[bulkhead(max = 3, wait = 1)]
#[fallback(|error| if text.is_empty() { Ok(0) } else { Err(error) })]
async fn clone_for_the_lower_fallback(text: String) -> io::Result<usize> {
    tokio::task::yield_now().await;
    Err(io::Error::other(text.as_str()))
}

#[fallback(|_| Ok(text.len()), clone(text))]
#[bulkhead(max = 3, wait = 1)]
fn boxed(text: String) -> Pin<Box<dyn Future<Output = io::Result<usize>> + Send>> {
    Box::pin(async move { consume(text) })
}

#[fallback(|_| Ok(text.len()), clone(text))]
#[bulkhead(max = 3, wait = 1)]
#[tracing::instrument(skip_all)]
async fn instrumented(text: String) -> io::Result<usize> {
    consume(text)
}

#[async_trait::async_trait]
trait Ask {
    async fn ask(&self, text: String) -> io::Result<usize>;
}

struct Client;

#[async_trait::async_trait]
impl Ask for Client {
    #[fallback(|_| Ok(text.len()), clone(text))]
    #[bulkhead(max = 3, wait = 1)]
    async fn ask(&self, text: String) -> io::Result<usize> {
        consume(text)
    }
}

#[tokio::test(start_paused = true)]
async fn fallback_reads_the_argument_and_the_body_consumes_its_clone() {
    let text = || "four".to_owned();
    assert_eq!(closure_above_bulkhead(text()).await.unwrap(), 4);
    assert_eq!(closure_below_bulkhead(text()).await.unwrap(), 4);
    assert_eq!(value_above_rate_limit(text()).await.unwrap(), 4);
    assert_eq!(value_below_rate_limit(text()).await.unwrap(), 4);
    assert_eq!(body_borrows(text()).await.unwrap(), 4);
    assert_eq!(recommended_order(text()).await.unwrap(), 4);
    assert_eq!(two_waits(text()).await.unwrap(), 4);
    assert_eq!(clone_for_the_lower_fallback(text()).await.unwrap(), 4);
    assert_eq!(boxed(text()).await.unwrap(), 4);
    assert_eq!(instrumented(text()).await.unwrap(), 4);
    assert_eq!(Client.ask(text()).await.unwrap(), 4);
}

async fn send(text: &str) -> io::Result<usize> {
    tokio::task::yield_now().await;
    Err(io::Error::other(text.to_owned()))
}

#[bulkhead(max = 3, wait = 1)]
#[circuit(name = "waits::failure_if", threshold = 1, failure_if = |_| text.len() > 3)]
async fn failure_if(text: String) -> io::Result<usize> {
    send(&text).await
}

#[rate_limit(per_second = 3, wait = 1)]
#[circuit(name = "waits::failure_if_ok", threshold = 1, failure_if_ok = |_| items.len() == 1)]
async fn failure_if_ok(items: &mut Vec<u32>) -> io::Result<usize> {
    items.push(1);
    tokio::task::yield_now().await;
    Ok(items.len())
}

#[bulkhead(max = 3, wait = 1)]
#[circuit(name = "waits::retry_after", threshold = 1, retry_after = |_| Some(Duration::from_secs(items.len() as u64)))]
async fn retry_after(items: &mut Vec<u32>) -> io::Result<usize> {
    items.extend([1; 60]);
    send("down").await
}

struct Counter {
    calls: usize,
}

impl Counter {
    #[bulkhead(max = 3, wait = 1)]
    #[timeout(5, error = |_| io::Error::other(self.calls.to_string()))]
    async fn expire(&mut self) -> io::Result<usize> {
        self.calls += 1;
        std::future::pending().await
    }

    #[rate_limit(per_second = 3, wait = 1)]
    #[bulkhead(max = 3, wait = 1)]
    #[fallback(|_| Ok(self.calls))]
    async fn replace(&mut self) -> io::Result<usize> {
        self.calls += 1;
        send("down").await
    }

    #[bulkhead(max = 3, wait = 1)]
    #[fallback(value = self.calls)]
    async fn consume(self) -> io::Result<usize> {
        send("down").await
    }
}

#[tokio::test(start_paused = true)]
async fn code_below_a_wait_reads_the_argument_after_the_body() {
    let state = |name| resilience_runtime::get_circuit(name).unwrap().stats();
    failure_if("four".to_owned()).await.unwrap_err();
    assert_eq!(state("waits::failure_if").total_failed, 1);
    failure_if_ok(&mut Vec::new()).await.unwrap();
    assert_eq!(state("waits::failure_if_ok").total_failed, 1);
    retry_after(&mut Vec::new()).await.unwrap_err();
    assert_eq!(state("waits::retry_after").cooldown_remaining, Duration::from_secs(60));

    let mut counter = Counter { calls: 0 };
    assert_eq!(counter.expire().await.unwrap_err().to_string(), "1");
    assert_eq!(counter.replace().await.unwrap(), 2);
    assert_eq!(counter.consume().await.unwrap(), 2);
}
