use resilience_runtime::circuit;

#[circuit(name = "a", failure_rate = 0.5, calls = 10, min_calls = 0)]
//~ 0 | `min_calls` must be a whole number from 1 to 4294967295
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
