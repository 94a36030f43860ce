use resilience_runtime::retry;

struct Client;

impl Client {
    #[retry]
    async fn f(self) -> std::io::Result<()> {
    //~ { | use of moved value: `self`
        drop(self);
        Ok(())
    }
}

fn main() {}
