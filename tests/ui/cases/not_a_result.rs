use resilience_runtime::circuit;

#[circuit(name = "a")]
async fn f() -> u32 {
//~ u32 | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    7
}

fn main() {}
