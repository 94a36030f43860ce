use resilience_runtime::retry;

#[retry(jitter = true)]
//~ true | `jitter` must be one of "full", "equal", "decorrelated"
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
