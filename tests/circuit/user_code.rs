//! Tests that closures, expressions and bodies of the user may call the library. While this code runs, the library must
//! hold no lock, because a call that needs the same lock would hang.

use std::cell::Cell;
use std::fmt;
use std::io;

use resilience_runtime::{
    CircuitBreaker, CircuitOpenError, RetryEvent, check_circuits, circuit, get_circuit, get_circuit_stats, retry,
};

/// Calls functions of the library that take the lock of a circuit or of the registry (the list of all named circuits).
fn use_library() {
    let breaker = get_circuit("user_code::all").expect("declared by an attribute");
    let _ = breaker.state();
    let _ = breaker.stats();
    drop(breaker.try_acquire());
    let _ = get_circuit_stats();
    let _ = get_circuit("user_code::keyed[7]");
    let _ = check_circuits();
    CircuitBreaker::builder("user_code::builder").register().unwrap();
}

fn used<T>(value: T) -> T {
    use_library();
    value
}

/// An error that calls the library in its `Display` implementation, and in its conversion from a `CircuitOpenError`.
#[derive(Debug)]
struct Chatty;

impl fmt::Display for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(used("down"))
    }
}

impl From<CircuitOpenError> for Chatty {
    fn from(_: CircuitOpenError) -> Self {
        used(Self)
    }
}

#[retry(
    max = 2,
    delay = 0,
    retry_if = |_| used(true),
    retry_if_ok = |()| used(false),
    on_retry = |_: &RetryEvent<'_, Chatty>| use_library(),
)]
#[circuit(
    name = "user_code::all",
    threshold = 2,
    failure_if = |_| used(true),
    failure_if_ok = |()| used(false),
    retry_after = |_| used(None),
)]
async fn all(works: bool) -> Result<(), Chatty> {
    use_library();
    tokio::task::yield_now().await;
    used(if works { Ok(()) } else { Err(Chatty) })
}

#[circuit(name = "user_code::keyed", key = used(key), max_keys = 2, error = |open| used(io::Error::from(open)))]
async fn keyed(key: u32, works: bool) -> io::Result<()> {
    let _ = key;
    used(if works { Ok(()) } else { Err(io::Error::other("down")) })
}

struct Owner {
    breaker: CircuitBreaker,
    asked: Cell<u32>,
}

impl Owner {
    fn breaker(&self) -> &CircuitBreaker {
        self.asked.set(self.asked.get() + 1);
        let _ = self.breaker.stats();
        used(&self.breaker)
    }

    #[circuit(with = self.breaker())]
    async fn held(&self) -> io::Result<()> {
        let _ = self.breaker.stats();
        used(Ok(()))
    }
}

#[tokio::test]
async fn user_code_may_call_the_library() {
    all(true).await.unwrap();
    let circuit = get_circuit("user_code::all").unwrap();
    all(false).await.unwrap_err();
    circuit.force_open();
    all(true).await.unwrap_err();
    assert!(circuit.stats().total_rejected > 0);
    for key in 0..9 {
        keyed(key, true).await.unwrap();
        keyed(key, false).await.unwrap_err();
    }
    get_circuit("user_code::keyed[8]").unwrap().force_open();
    keyed(8, true).await.unwrap_err();
    let owner = Owner { breaker: CircuitBreaker::builder("owner").build().unwrap(), asked: Cell::new(0) };
    owner.held().await.unwrap();
    assert_eq!(owner.asked.get(), 1);
}
