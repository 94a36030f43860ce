use resilience_runtime::circuit;

struct Client;

#[circuit(name = "a")]
impl Client {
//~ impl | put this on each method that it is for: one name for all methods would make one circuit of them
    async fn f(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {}
