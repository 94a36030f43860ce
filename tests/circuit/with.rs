//! Tests `#[circuit(with = ..)]`: the breaker comes from an expression of the user, such as a field or an argument. The
//! registry (the list of all named circuits) does not contain this breaker.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use resilience_runtime::{CircuitBreaker, CircuitState, circuit, get_circuit, get_circuit_stats, retry};

struct Client {
    breaker: CircuitBreaker,
    shared: Arc<CircuitBreaker>,
    calls: u32,
}

impl Client {
    fn new(threshold: u32) -> Self {
        let breaker = || CircuitBreaker::builder("with").threshold(threshold).build().unwrap();
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

    #[circuit(with = if shared { &*self.shared } else { &self.breaker })]
    async fn either(&self, shared: bool) -> io::Result<()> {
        Ok(())
    }

    #[circuit(with = self.found(shared)?)]
    async fn fallible(&self, shared: bool) -> io::Result<()> {
        Ok(())
    }

    fn found(&self, shared: bool) -> io::Result<&CircuitBreaker> {
        if shared { Ok(&self.shared) } else { Err(io::ErrorKind::NotFound.into()) }
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
async fn each_client_has_its_own_circuit() {
    let (one, other) = (Client::new(2), Client::new(2));
    for kind in [io::ErrorKind::TimedOut, io::ErrorKind::NotFound, io::ErrorKind::TimedOut] {
        one.get(kind).await.unwrap_err();
    }
    assert_eq!((one.breaker.state(), one.breaker.stats().total_ignored), (CircuitState::Open, 1));
    assert_eq!(other.breaker.state(), CircuitState::Closed);
    assert_eq!(one.get(io::ErrorKind::Other).await.unwrap_err().to_string(), "Circuit 'with' is open. Retry in 30s");
    assert!(get_circuit("with").is_none() && !get_circuit_stats().contains_key("with"), "nothing is registered");
}

#[tokio::test(start_paused = true)]
async fn retry_above_ends_when_held_circuit_opens() {
    let mut client = Client::new(2);
    let begun = tokio::time::Instant::now();
    assert_eq!(client.put().await.unwrap_err().kind(), io::ErrorKind::TimedOut, "of the second attempt");
    assert_eq!((client.calls, begun.elapsed()), (2, Duration::from_secs(1)));
}

#[circuit(with = breakers.lock().unwrap()[0])]
async fn locked(breakers: &Mutex<Vec<CircuitBreaker>>) -> io::Result<bool> {
    Ok(breakers.try_lock().is_ok())
}

#[tokio::test]
async fn with_takes_any_expression() {
    let client = Client::new(2);
    client.either(true).await.unwrap();
    client.either(false).await.unwrap();
    client.fallible(true).await.unwrap();
    assert_eq!(client.fallible(false).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!((client.shared.stats().total_succeeded, client.breaker.stats().total_succeeded), (2, 1));
    let breakers = Mutex::new(vec![CircuitBreaker::builder("with").build().unwrap()]);
    assert!(locked(&breakers).await.unwrap(), "nothing stays locked while the body runs");
}

#[tokio::test]
async fn body_may_consume_owner_of_breaker() {
    let client = Client::new(2);
    let shared = client.shared.clone();
    assert_eq!(tokio::spawn(client.take()).await.unwrap().unwrap(), 0);
    assert_eq!(shared.stats().successes, 1);
}

#[tokio::test]
async fn with_takes_an_argument() {
    let breaker = CircuitBreaker::builder("with").threshold(3).build().unwrap();
    assert_eq!(free(&breaker, Ok(7)).await.unwrap(), 7);
    free(&breaker, Err(io::ErrorKind::TimedOut.into())).await.unwrap_err();
    assert_eq!((breaker.stats().total_succeeded, breaker.stats().failures), (1, 2));
}
