use resilience_runtime::circuit;

#[circuit(name = "a", threshold = 3, failure_rate = 0.5, calls = 20, min_calls = 10)]
//~ threshold | `threshold` and `failure_rate` exclude each other: write one of them
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
