use resilience_runtime::circuit;

#[circuit(name = "a")]
async fn f<E>(error: E) -> Result<(), E> {
//~ Result | `E` cannot hold a `CircuitOpenError`
//~    if it is a type parameter, add the bound `E: From<Rejection>`
//~    or write in the attribute how to make one: `error = |error| ..`
//~    consider restricting type parameter `E` with trait `Holds`
    Err(error)
}

fn main() {}
