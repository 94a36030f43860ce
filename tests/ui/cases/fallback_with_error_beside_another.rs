use resilience_runtime::fallback;

#[fallback(value = 7, with_error = true)]
//~ with_error | `with_error` does not go with `value`, which receives no error: write `#[fallback(|error| ..)]`
async fn f0() -> std::io::Result<u32> {
    Ok(1)
}

#[fallback(|error| Err(error), with_error = false)]
//~ with_error | `with_error` does not go with a closure, which always receives the error: leave it out
async fn f1() -> std::io::Result<u32> {
    Ok(1)
}

fn main() {}
