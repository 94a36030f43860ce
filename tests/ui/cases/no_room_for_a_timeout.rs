use resilience_runtime::{retry, timeout};

#[derive(Debug)]
enum Error {
    Down,
}

#[retry]
#[timeout(5)]
async fn f() -> Result<(), Error> {
//~ Result | `Error` cannot hold a `TimeoutError`
//~    if it is a type parameter, add the bound `Error: From<Rejection>`
//~    or write in the attribute how to make one: `error = |error| ..`
    Err(Error::Down)
}

fn main() {}
