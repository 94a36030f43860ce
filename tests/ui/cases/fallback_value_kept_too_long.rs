use resilience_runtime::fallback;

use std::future::Future;
use std::pin::Pin;

#[fallback(value = text.len())]
fn f(text: &str) -> Pin<Box<dyn Future<Output = std::io::Result<usize>> + Send>> {
//~ text | the future keeps `text` for the fallback: add `+ '_` after `dyn Future<..>`, or take it by value
    let size = text.len();
    Box::pin(async move { Ok(size) })
}

#[fallback(|_| { text = ""; Ok(text.len()) })]
fn g(mut text: &str) -> Pin<Box<dyn Future<Output = std::io::Result<usize>> + Send>> {
//~ mut | the future keeps `text` for the fallback: add `+ '_` after `dyn Future<..>`, or take it by value
//~ warning: mut text | unused variable: `text`
//~ warning: mut text | variable does not need to be mutable
    Box::pin(async { Ok(1) })
}

#[fallback(value = size)]
fn h(text: &str, size: usize) -> Pin<Box<dyn Future<Output = std::io::Result<usize>> + Send>> {
    let size = size + text.len();
    Box::pin(async move { Ok(size) })
}

fn main() {}
