use resilience_runtime::circuit;

#[circuit(name = "a", threshold = 4294967296)]
//~ 4294967296 | `threshold` must be a whole number from 1 to 4294967295
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
