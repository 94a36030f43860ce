use resilience_runtime::circuit;

#[circuit(name = "a", failure_rate = 0.5, min_calls = 10)]
//~ failure_rate | `failure_rate` needs `window = ..` or `calls = ..` beside it
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
