use resilience_runtime::{circuit, retry};

#[circuit(name = "a", retry_after_ok = |_| None)]
//~ retry_after_ok | `retry_after_ok` needs `failure_if_ok = ..` beside it: no `Ok` is a failure otherwise
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[retry(retry_after_ok = |_| None)]
//~ retry_after_ok | `retry_after_ok` needs `retry_if_ok = ..` beside it: no `Ok` is retried otherwise
async fn f1() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
