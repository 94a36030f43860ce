use resilience_runtime::circuit;

#[circuit(name = "a", threshold = 3, window = 10, min_calls = 5)]
//~ min_calls | `min_calls` needs `failure_rate` or `slow_rate` beside it
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
