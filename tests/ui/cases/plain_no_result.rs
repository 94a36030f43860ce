use resilience_runtime::{circuit, fallback, rate_limit, retry};

#[retry]
fn nothing() {}
//~ nothing | this function must return a `Result`: what fails is told by `Err`

#[circuit(name = "a")]
fn pair(a: u32) -> (u32, u32) {
//~ (u32, u32) | this must be a `Result`: what fails is told by `Err`
    (a, a)
}

#[rate_limit(per_second = 1)]
fn number(a: u32) -> u32 {
//~ u32 | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    a
}

#[retry]
fn retried(a: u32) -> Option<u32> {
//~ Option | a decorated function must return a `Result`, not `Option<u32>`
//~    what failed is told from what did not by `Err`: return `Result<Option<u32>, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    Some(a)
}

#[circuit(name = "b")]
fn counted(a: u32) -> u32 {
//~ u32 | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    a
}

#[fallback(instead)]
#[retry]
#[circuit(name = "c")]
fn stacked(a: u32) -> u32 {
//~ u32 | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    a
}

fn instead(a: u32) -> u32 {
    a
}

#[fallback(|_| 7)]
//~ | | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
fn replaced(a: u32) -> u32 {
//~ u32 | a decorated function must return a `Result`, not `u32`
//~    what failed is told from what did not by `Err`: return `Result<u32, SomeError>`
//~    if it is a future, write `async fn`, or end the function with `Box::pin(async move { other(..).await })`
    a
}

fn main() {
    nothing();
}
