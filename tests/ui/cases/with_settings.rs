use resilience_runtime::circuit;

struct Client(resilience_runtime::CircuitBreaker);

impl Client {
    #[circuit(with = self.0, name = "a", threshold = 3)]
    //~ name | `name` does not go with `with`: the breaker that you hold has its own
    //~ threshold | `threshold` does not go with `with`: the breaker that you hold has its own
    async fn f(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {}
