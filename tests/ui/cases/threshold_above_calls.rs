use resilience_runtime::circuit;

#[circuit(name = "a", threshold = 30, calls = 20)]
//~ threshold | `threshold` must be at most `calls`, which is 20
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
