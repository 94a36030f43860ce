use resilience_runtime::retry;

#[retry]
async fn f() -> Option<u32> {
//~ Option | a decorated function must return a `Result`, not `Option<u32>`
//~    what failed is told from what did not by `Err`: return `Result<Option<u32>, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    Some(7)
}

fn main() {}
