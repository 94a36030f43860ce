use resilience_runtime::retry;

#[retry(on_retry = 1, retry_if_ok = true)]
//~ 1 | `on_retry` must be the path of a function, or a closure
//~ true | `retry_if_ok` must be the path of a function, or a closure
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
