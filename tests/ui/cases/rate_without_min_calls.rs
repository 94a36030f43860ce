use resilience_runtime::circuit;

#[circuit(name = "a", failure_rate = 0.5, window = 10)]
//~ failure_rate | `failure_rate` needs `min_calls = ..` beside it
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
