use resilience_runtime::circuit;

use std::future::Future;
use std::pin::Pin;

#[circuit(name = "a")]
fn f(x: u32) -> Pin<Box<dyn Future<Output = std::io::Result<()>>>> {
    let _even = |y: u32| { return y % 2 == 0; };
    fn within() -> u32 { return 7 }
    if x == within() {
        return Box::pin(async { return Ok(()); });
        //~ return | this returns past the layers: move it into the `async` block, or write `async fn`
    }
    Box::pin(async move { Ok(()) })
}

fn main() {}
