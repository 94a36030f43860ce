use resilience_runtime::circuit;

#[derive(Debug)]
enum Error {
    Down,
}

#[circuit(name = "a")]
async fn f() -> Result<(), Error> {
//~ Result | `Error` cannot hold the rejection of a call by an open circuit
//~    or say in the attribute how to make one: `open = |open| ..`
    Err(Error::Down)
}

fn main() {}
