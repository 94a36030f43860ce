use resilience_runtime::retry;

#[retry(backoff = 1e400)]
//~ 1e400 | `backoff` must be a finite number of at least 1
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
