use resilience_runtime::circuit;

#[circuit(name = "a", retry_after = 30)]
//~ 30 | `retry_after` must be the path of a function, or a closure
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
