use resilience_runtime::circuit;

#[circuit(name = "a")]
fn f() -> std::io::Result<()> {
//~ fn | this function is not async: write `async fn`
    ask().await
    //~ await | `await` is only allowed inside `async` functions and blocks
}

async fn ask() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
