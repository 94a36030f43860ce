use resilience_runtime::retry;

struct Client;

impl Client {
    #[retry]
    async fn f(self) -> std::io::Result<()> {
    //~ { | use of moved value
        drop(self);
        Ok(())
    }
}

fn main() {}
