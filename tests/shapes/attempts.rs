//! Tests the options of `#[retry]` that take a function, and the option `attempt`. The decorated functions are methods,
//! trait methods, functions that return a future, and functions from a macro.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use async_trait::async_trait;
use resilience_runtime::{circuit, retry, RetryBudget, RetryCost, RetryEvent, TokenBucket};
use tokio::task::yield_now;

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

struct Client {
    worst: Cell<u32>,
}

impl Client {
    const WAIT: Option<Duration> = None;

    fn told(_: &RetryEvent<'_, io::Error>) {}

    #[retry(delay = 0, attempt = n, on_retry = Self::told, retry_after = |_| Self::WAIT, budget = BUDGET)]
    #[circuit(name = "attempts::method")]
    async fn method<T: Default>(&mut self, from: u32) -> io::Result<(u32, T)> {
        yield_now().await;
        self.worst.set(n);
        if n < from {
            return Err(io::ErrorKind::TimedOut.into());
        }
        Ok((n, T::default()))
    }

    #[retry(delay = 0, attempt = r#try, clone(text))]
    async fn consumes(&self, text: String) -> Result<String, String> {
        if r#try < 3 {
            Err(text)
        } else {
            Ok(text + &r#try.to_string())
        }
    }
}

#[async_trait]
trait Ask {
    async fn ask(&self, from: u32) -> io::Result<u32>;
}

#[async_trait]
impl Ask for () {
    #[retry(delay = 0, attempt = n, retry_if_ok = |value| *value == 0, cost = |_| RetryCost::Timeout, budget = BUDGET)]
    async fn ask(&self, from: u32) -> io::Result<u32> {
        yield_now().await;
        Ok(if n < from { 0 } else { n })
    }
}

#[retry(delay = 0, attempt = n, budget = RetryBudget::bucket(TokenBucket::DEFAULT))]
fn boxed(from: u32) -> Pin<Box<dyn Future<Output = io::Result<impl Fn() -> u32>> + Send>> {
    Box::pin(async move {
        yield_now().await;
        if n < from {
            Err(io::ErrorKind::TimedOut.into())
        } else {
            Ok(move || n)
        }
    })
}

macro_rules! named {
    ($name:ident, $attempt:ident, $max:literal) => {
        #[retry(max = $max, delay = 0, attempt = $attempt)]
        async fn $name() -> Result<u32, u32> {
            Err($attempt)
        }
    };
}

named!(by_a_macro, attempt, 4);

#[tokio::test]
async fn body_receives_attempt_number_in_every_shape() {
    let mut client = Client { worst: Cell::new(0) };
    assert_eq!(client.method::<String>(3).await.unwrap(), (3, String::new()));
    assert_eq!(client.worst.get(), 3);
    assert_eq!(client.consumes("text".to_owned()).await.unwrap(), "text3");
    assert_eq!(tokio::spawn(async { ().ask(2).await }).await.unwrap().unwrap(), 2);
    assert_eq!(tokio::spawn(boxed(2)).await.unwrap().unwrap()(), 2);
    assert_eq!(by_a_macro().await, Err(4));
}
