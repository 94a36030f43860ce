use resilience_runtime::retry;

#[retry(backoff = 0.5)]
//~ 0.5 | `backoff` must be a finite number of at least 1
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
