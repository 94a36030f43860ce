use resilience_runtime::{circuit, retry};

#[circuit(name = "a", failure_if_ok = |_| true, retry_after_ok = 30)]
//~ 30 | `retry_after_ok` must be the path of a function, or a closure
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[retry(retry_if_ok = |_| true, retry_after_ok = "30s")]
//~ "30s" | `retry_after_ok` must be the path of a function, or a closure
async fn f1() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
