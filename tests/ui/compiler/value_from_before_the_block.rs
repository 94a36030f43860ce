use resilience_runtime::{fallback, hedge, retry};

use std::future::Future;
use std::pin::Pin;

type Boxed = Pin<Box<dyn Future<Output = std::io::Result<String>>>>;

#[retry]
fn retried(number: u8) -> Boxed {
    let text = number.to_string();
    Box::pin(async move { Ok(text) })
    //~ { Ok(text) } | use of moved value: `text`
    //~    move occurs because `text` has type `String`, which does not implement the `Copy` trait
}

#[hedge(after = 1)]
fn hedged(number: u8) -> Boxed {
    let text = number.to_string();
    Box::pin(async move { Ok(text) })
    //~ { Ok(text) } | cannot move out of `text`, a captured variable in an `Fn` closure
    //~    write `clone(argument)` in `#[hedge]` for an argument that the body consumes
}

#[fallback(instead)]
fn replaced(text: String) -> Boxed {
    let moved = text;
    Box::pin(async move { Ok(moved) })
    //~ async move | use of moved value: `text`
    //~    consider cloning the value if the performance cost is acceptable
}

async fn instead(text: String) -> std::io::Result<String> {
    Ok(text)
}

#[retry]
fn inside(number: u8) -> Boxed {
    Box::pin(async move {
        let text = number.to_string();
        Ok(text)
    })
}

#[fallback(instead, clone(text))]
fn inside_with_clone(text: String) -> Boxed {
    Box::pin(async move {
        let moved = text;
        Ok(moved)
    })
}

fn main() {}
