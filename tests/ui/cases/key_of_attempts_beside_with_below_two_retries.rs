use resilience_runtime::{KeyedCircuits, circuit, retry};

struct Client {
    circuits: KeyedCircuits,
}

impl Client {
    #[retry(delay = 0, attempt = n)]
    #[retry]
    #[circuit(with = self.circuits, key = n)]
    //~ circuit | the key of this circuit names the attempt of a retry, so the circuit must be below one retry only
    async fn f(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {}
