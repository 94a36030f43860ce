use resilience_runtime::retry;

#[retry(backoff = 2, jitter = "decorrelated")]
//~ backoff | `backoff` does not go with decorrelated jitter, which grows from the previous pause: leave it out
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
