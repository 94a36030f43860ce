use resilience_runtime::retry;

#[retry(backoff = "exponential")]
//~ "exponential" | `backoff` must be a finite number of at least 1
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
