//! One circuit, seen from a user's crate.

use resilience_runtime::{CircuitOpenError, CircuitState, circuit, get_circuit};

#[derive(Debug, PartialEq)]
enum Error {
    Open(CircuitOpenError),
    Down,
}

impl From<CircuitOpenError> for Error {
    fn from(open: CircuitOpenError) -> Self {
        Self::Open(open)
    }
}

#[circuit(name = "circuit::opens", threshold = 2, cooldown = 30)]
async fn ask(answer: Result<u32, Error>) -> Result<u32, Error> {
    answer
}

#[tokio::test(start_paused = true)]
async fn a_decorated_function_opens_its_circuit() {
    assert_eq!(ask(Ok(7)).await, Ok(7));
    assert_eq!(ask(Err(Error::Down)).await, Err(Error::Down));
    assert_eq!(ask(Err(Error::Down)).await, Err(Error::Down));
    assert_eq!(get_circuit("circuit::opens").unwrap().state(), CircuitState::Open);
    match ask(Ok(7)).await {
        Err(Error::Open(open)) => assert_eq!(open.to_string(), "Circuit 'circuit::opens' is open. Retry in 30s"),
        other => panic!("not rejected: {other:?}"),
    }
}
