use resilience_runtime::circuit;

#[circuit(name = "a")]
fn f() -> std::io::Result<()> {
//~ fn | this function is not async: write `async fn`
    Ok(())
}

fn main() {}
