use resilience_runtime::retry;

#[derive(Clone)]
struct Client;

impl Client {
    #[retry(clone(self))]
    //~ self | `self` cannot be cloned for each attempt: write `&self`, or clone a part of it in the body
    async fn f(self) -> std::io::Result<()> {
        drop(self);
        Ok(())
    }
}

fn main() {}
