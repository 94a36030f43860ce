//! Tests functions whose body consumes an argument, and whose call may wait for a bulkhead or a rate limit.

use std::future::Future;
use std::io;
use std::pin::Pin;

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
