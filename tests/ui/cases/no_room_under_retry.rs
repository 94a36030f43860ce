use resilience_runtime::{circuit, retry};

#[derive(Debug)]
enum Error {
    Down,
}

#[retry]
#[circuit(name = "a")]
async fn f() -> Result<(), Error> {
//~ Result | `Error` cannot hold a `CircuitOpenError`
//~    if it is a type parameter, add the bound `Error: From<Rejection>`
//~    or write in the attribute how to make one: `error = |error| ..`
    Err(Error::Down)
}

fn main() {}
