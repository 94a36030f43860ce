use resilience_runtime::circuit;

#[circuit(name = "a", failure_rate = 0.5, calls = 10, min_calls = 20)]
//~ min_calls | `min_calls` must be at most `calls`, which is 10
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
