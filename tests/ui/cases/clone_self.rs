use resilience_runtime::retry;

#[derive(Clone)]
struct Client;

impl Client {
    #[retry(clone(self))]
    //~ self | `self` cannot be cloned for each attempt: borrow it, or clone what is needed of it
    async fn f(self) -> std::io::Result<()> {
        drop(self);
        Ok(())
    }
}

fn main() {}
