use resilience_runtime::retry;

#[retry(3)]
//~ 3 | expected `option = value`; the options are `max`, `delay`, `backoff`, `retry_if`, `clone`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
