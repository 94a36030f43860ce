use resilience_runtime::retry;

struct Client;

impl Client {
    #[retry]
    //~ #[retry] | borrow of moved value: `self`
    //~    take_a_reference_to_self!
    async fn f(self) -> std::io::Result<()> {
        drop(self);
        Ok(())
    }
}

fn main() {}
