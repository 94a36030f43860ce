use resilience_runtime::fallback;

use std::future::Future;
use std::pin::Pin;

#[fallback(value = text.len())]
fn f(text: &str) -> Pin<Box<dyn Future<Output = std::io::Result<usize>> + Send>> {
//~ text | the future keeps this argument for the fallback: add `+ '_` after `dyn Future<..>`, or take it by value
    let size = text.len();
    Box::pin(async move { Ok(size) })
}

fn main() {}
