use resilience_runtime::circuit;

use std::future::Future;

#[circuit(name = "a")]
fn f() -> impl Future<Output = std::io::Result<()>> {
//~ fn | this function does not end with its future: write `async fn`, or end it with `async move { .. }`
    let future = async { Ok(()) };
    future
}

fn main() {}
