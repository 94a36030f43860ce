//! Circuits whose breaker somebody holds: `with = ..`.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState, circuit, get_circuit, get_circuit_stats, retry};

struct Client {
    breaker: CircuitBreaker,
    shared: Arc<CircuitBreaker>,
    calls: u32,
}

impl Client {
    fn new(threshold: u32) -> Self {
        let breaker = || CircuitBreaker::builder("held").threshold(threshold).build().unwrap();
        Self { breaker: breaker(), shared: Arc::new(breaker()), calls: 0 }
    }

    #[circuit(with = self.breaker, failure_if = |error| error.kind() != io::ErrorKind::NotFound)]
    async fn get(&self, kind: io::ErrorKind) -> io::Result<()> {
        Err(kind.into())
    }

    #[retry(max = 5, delay = 1)]
    #[circuit(with = self.breaker)]
    async fn put(&mut self) -> io::Result<()> {
        self.calls += 1;
        Err(io::ErrorKind::TimedOut.into())
    }

    #[circuit(with = self.shared)]
    async fn take(self) -> io::Result<u32> {
        Ok(self.calls)
    }
}

#[retry(max = 2, delay = 0)]
#[circuit(with = breaker)]
async fn free(breaker: &CircuitBreaker, answer: io::Result<u32>) -> io::Result<u32> {
    match &answer {
        Ok(answer) => Ok(*answer),
        Err(error) => Err(error.kind().into()),
    }
}

#[tokio::test]
async fn each_client_has_a_circuit_of_its_own() {
    let (one, other) = (Client::new(2), Client::new(2));
    for kind in [io::ErrorKind::TimedOut, io::ErrorKind::NotFound, io::ErrorKind::TimedOut] {
        one.get(kind).await.unwrap_err();
    }
    assert_eq!((one.breaker.state(), one.breaker.stats().total_ignored), (CircuitState::Open, 1));
    assert_eq!(other.breaker.state(), CircuitState::Closed);
    assert_eq!(one.get(io::ErrorKind::Other).await.unwrap_err().to_string(), "Circuit 'held' is open. Retry in 30s");
    assert!(get_circuit("held").is_none() && !get_circuit_stats().contains_key("held"), "nothing is registered");
}

#[tokio::test(start_paused = true)]
async fn a_retry_above_knows_that_the_circuit_will_be_open() {
    let mut client = Client::new(2);
    let begun = tokio::time::Instant::now();
    assert_eq!(client.put().await.unwrap_err().kind(), io::ErrorKind::TimedOut, "of the second attempt");
    assert_eq!((client.calls, begun.elapsed()), (2, Duration::from_secs(1)));
}

#[tokio::test]
async fn whoever_holds_the_breaker_may_be_consumed() {
    let client = Client::new(2);
    let shared = client.shared.clone();
    assert_eq!(tokio::spawn(client.take()).await.unwrap().unwrap(), 0);
    assert_eq!(shared.stats().successes, 1);
}

#[tokio::test]
async fn an_argument_will_do() {
    let breaker = CircuitBreaker::builder("held").threshold(3).build().unwrap();
    assert_eq!(free(&breaker, Ok(7)).await.unwrap(), 7);
    free(&breaker, Err(io::ErrorKind::TimedOut.into())).await.unwrap_err();
    assert_eq!((breaker.stats().total_succeeded, breaker.stats().failures), (1, 2));
}
