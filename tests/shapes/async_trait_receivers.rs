//! Tests methods below `#[async_trait]`, if functions and expressions in options read `self`.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use resilience_runtime::{bulkhead, circuit, fallback, rate_limit, retry, timeout, CircuitBreaker};

struct Counter {
    calls: usize,
    time: Duration,
    breaker: CircuitBreaker,
}

impl Counter {
    fn new() -> Self {
        let breaker = CircuitBreaker::builder("async_trait_receivers::held").threshold(1).build().unwrap();
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

    #[circuit(name = "async_trait_receivers::time", failure_if = |_| items.len() > 3)]
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

    #[circuit(name = "async_trait_receivers::error", error = |_| text(self.calls), failure_if = |_| items.len() > 3)]
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
    #[circuit(name = "async_trait_receivers::wait", failure_if = |_| self.calls + items.len() > 3)]
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

struct Shared {
    calls: Cell<usize>,
    time: Duration,
}

#[async_trait::async_trait(?Send)]
trait Own {
    async fn wait(self: Rc<Self>) -> io::Result<usize>;
    async fn rule(self: Rc<Self>) -> io::Result<usize>;
    async fn closure_and_time(self: Rc<Self>) -> io::Result<usize>;
    async fn error_after_a_wait(self: Box<Self>) -> io::Result<usize>;
    async fn rule_and_time(self: Box<Self>, items: &mut Vec<u32>) -> io::Result<usize>;
    async fn wait_above_rule(self: Rc<Self>) -> io::Result<usize>;
    async fn mutable(mut self: Box<Self>) -> io::Result<usize>;
    async fn value(self) -> io::Result<usize>
    where
        Self: Sized;
    async fn pinned(self: Pin<&mut Self>) -> io::Result<usize>;
    async fn consumed(self: Box<Self>) -> io::Result<Box<Self>>;
}

#[async_trait::async_trait(?Send)]
impl Own for Shared {
    #[bulkhead(max = 3, wait = self.time)]
    async fn wait(self: Rc<Self>) -> io::Result<usize> {
        let add = |calls: usize| self.calls.set(self.calls.get() + calls);
        add(1);
        Err(io::Error::other(format!("{} calls", self.calls.get())))
    }

    #[circuit(name = "async_trait_receivers::rule", threshold = 1, failure_if = |_| self.calls.get() > 3)]
    async fn rule(self: Rc<Self>) -> io::Result<usize> {
        self.calls.set(9);
        Err(text(self.calls.get()))
    }

    #[fallback(|_| Ok(self.calls.get()))]
    #[timeout(self.time)]
    async fn closure_and_time(self: Rc<Self>) -> io::Result<usize> {
        self.calls.set(self.calls.get() + 1);
        std::future::pending().await
    }

    #[bulkhead(max = 3, wait = 1, error = |_| text(self.calls.get()))]
    async fn error_after_a_wait(self: Box<Self>) -> io::Result<usize> {
        Ok(self.calls.get())
    }

    #[circuit(name = "async_trait_receivers::rule_and_time", failure_if = |_| items.len() > 3)]
    #[timeout(self.time)]
    async fn rule_and_time(self: Box<Self>, items: &mut Vec<u32>) -> io::Result<usize> {
        items.push(1);
        Ok(self.calls.get())
    }

    #[bulkhead(max = 3, wait = self.time)]
    #[circuit(name = "async_trait_receivers::wait_above_rule", threshold = 1, failure_if = |_| self.calls.get() > 3)]
    async fn wait_above_rule(self: Rc<Self>) -> io::Result<usize> {
        Err(text(self.calls.get()))
    }

    #[timeout(self.time)]
    #[bulkhead(max = 3, wait = self.time)]
    async fn mutable(mut self: Box<Self>) -> io::Result<usize> {
        *self.calls.get_mut() += 1;
        Ok(self.calls.get())
    }

    #[fallback(value = self.calls.get())]
    async fn value(self) -> io::Result<usize> {
        self.calls.set(self.calls.get() + 1);
        Err(text(0))
    }

    #[bulkhead(max = 3, wait = self.time)]
    async fn pinned(self: Pin<&mut Self>) -> io::Result<usize> {
        self.calls.set(self.calls.get() + 1);
        Ok(self.calls.get())
    }

    #[bulkhead(max = 3, wait = self.time)]
    async fn consumed(self: Box<Self>) -> io::Result<Box<Self>> {
        let this = self;
        Ok(this)
    }
}

#[tokio::test(start_paused = true)]
async fn options_read_the_owned_receiver_of_an_async_trait_method() {
    let shared = |calls| Shared { calls: Cell::new(calls), time: Duration::from_secs(1) };
    let failed = |name| resilience_runtime::get_circuit(name).unwrap().stats().total_failed;
    assert_eq!(Rc::new(shared(1)).wait().await.unwrap_err().to_string(), "2 calls");
    Rc::new(shared(1)).rule().await.unwrap_err();
    assert_eq!(failed("async_trait_receivers::rule"), 1);
    assert_eq!(Rc::new(shared(1)).closure_and_time().await.unwrap(), 2);
    assert_eq!(Box::new(shared(1)).error_after_a_wait().await.unwrap(), 1);
    assert_eq!(Box::new(shared(1)).rule_and_time(&mut Vec::new()).await.unwrap(), 1);
    Rc::new(shared(9)).wait_above_rule().await.unwrap_err();
    assert_eq!(failed("async_trait_receivers::wait_above_rule"), 1);
    assert_eq!(Box::new(shared(1)).mutable().await.unwrap(), 2);
    assert_eq!(shared(1).value().await.unwrap(), 2);
    assert_eq!(std::pin::pin!(shared(1)).as_mut().pinned().await.unwrap(), 2);
    assert_eq!(Box::new(shared(7)).consumed().await.unwrap().calls.get(), 7);
}
