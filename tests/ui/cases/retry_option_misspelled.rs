use resilience_runtime::retry;

#[retry(max_attempts = 3)]
//~ max_attempts | unknown option `max_attempts`; the options are `max`, `delay`, `backoff`, `retry_if`, `clone`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
