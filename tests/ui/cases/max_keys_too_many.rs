use resilience_runtime::circuit;

#[circuit(name = "a", key = 1, max_keys = 4294967296)]
//~ 4294967296 | `max_keys` must be a whole number from 1 to 9999999
async fn f(n: f64) -> std::io::Result<()> {
    let _ = n;
    Ok(())
}

fn main() {}
