use resilience_runtime::circuit;

#[circuit(name = "a")]
async fn f<E>(error: E) -> Result<(), E> {
//~ Result | `E` cannot hold a `CircuitOpenError`
//~    if it is a type parameter, add the bound `E: From<CircuitOpenError>`
//~    or say in the attribute how to make one: `error = |error| ..`; in a circuit `open = |open| ..`
//~    consider restricting type parameter `E` with trait `Holds`
    Err(error)
}

fn main() {}
