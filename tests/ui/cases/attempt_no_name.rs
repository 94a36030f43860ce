use resilience_runtime::retry;

#[retry(attempt = "n")]
//~ "n" | `attempt` must be a name, such as `n`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
