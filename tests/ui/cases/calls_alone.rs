use resilience_runtime::circuit;

#[circuit(name = "a", calls = 10)]
//~ calls | `calls` needs `threshold`, `failure_rate` or `slow_rate` beside it
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
