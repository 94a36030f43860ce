use resilience_runtime::retry;

#[retry(jitter = "half")]
//~ "half" | `jitter` must be one of "full", "equal", "decorrelated"
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
