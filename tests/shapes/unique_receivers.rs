//! Tests methods with `&mut self` below `#[async_trait]`, if functions and expressions in options read `self`.

use std::io;
use std::time::Duration;

use resilience_runtime::{bulkhead, circuit, fallback, rate_limit, retry, timeout, CircuitBreaker};

struct Counter {
    calls: usize,
    time: Duration,
    breaker: CircuitBreaker,
}

impl Counter {
    fn new() -> Self {
        let breaker = CircuitBreaker::builder("unique_receivers::held").threshold(1).build().unwrap();
        Self { calls: 0, time: Duration::from_secs(1), breaker }
    }

    fn fail(&mut self) -> io::Error {
        self.calls += 1;
        io::Error::other("down")
    }
}

fn text(calls: usize) -> io::Error {
    io::Error::other(calls.to_string())
}

#[async_trait::async_trait]
trait Count {
    async fn wait_of_self(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn error_after_a_wait(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn tokens_of_self(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn time_and_rule_of_items(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn key_and_closure_of_items(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn error_and_rule_of_items(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn held_breaker_and_rule_of_items(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn wait_above_rule_of_self(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn error_of_a_timeout(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn retry_and_time_of_self(&mut self, items: &mut Vec<u32>) -> io::Result<usize>;
}

#[async_trait::async_trait]
impl Count for Counter {
    #[bulkhead(max = 3, wait = self.time)]
    async fn wait_of_self(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }

    #[bulkhead(max = 3, wait = 1, error = |_| text(self.calls))]
    async fn error_after_a_wait(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }

    #[rate_limit(per_second = 9, burst = 9, wait = 1, tokens = 1 + self.calls as u32)]
    async fn tokens_of_self(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }

    #[circuit(name = "unique_receivers::time", failure_if = |_| items.len() > 3)]
    #[timeout(self.time)]
    async fn time_and_rule_of_items(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }

    #[fallback(|_| Err(text(items.len())))]
    #[bulkhead(max = 3, key = self.calls)]
    async fn key_and_closure_of_items(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }

    #[circuit(name = "unique_receivers::error", error = |_| text(self.calls), failure_if = |_| items.len() > 3)]
    async fn error_and_rule_of_items(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }

    #[circuit(with = self.breaker.clone(), failure_if = |_| items.len() > 3)]
    async fn held_breaker_and_rule_of_items(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }

    #[bulkhead(max = 3, wait = self.time)]
    #[circuit(name = "unique_receivers::wait", failure_if = |_| self.calls + items.len() > 3)]
    async fn wait_above_rule_of_self(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }

    #[fallback(|_| Err(text(self.calls)))]
    #[timeout(5, error = |_| text(items.len()))]
    async fn error_of_a_timeout(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }

    #[retry(max = 2, delay = 0, retry_if = |_| self.calls > 99)]
    #[timeout(self.time)]
    async fn retry_and_time_of_self(&mut self, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Err(self.fail())
    }
}

#[tokio::test(start_paused = true)]
async fn options_read_the_receiver_of_an_async_trait_method() {
    let (mut counter, mut items) = (Counter::new(), Vec::new());
    assert!(counter.wait_of_self(&mut items).await.is_err());
    assert!(counter.error_after_a_wait(&mut items).await.is_err());
    assert!(counter.tokens_of_self(&mut items).await.is_err());
    assert!(counter.time_and_rule_of_items(&mut items).await.is_err());
    assert!(counter.key_and_closure_of_items(&mut items).await.is_err());
    assert!(counter.error_and_rule_of_items(&mut items).await.is_err());
    assert!(counter.held_breaker_and_rule_of_items(&mut items).await.is_err());
    assert!(counter.wait_above_rule_of_self(&mut items).await.is_err());
    assert!(counter.error_of_a_timeout(&mut items).await.is_err());
    assert!(counter.retry_and_time_of_self(&mut items).await.is_err());
    assert_eq!((counter.calls, items.len()), (10, 10));
}
