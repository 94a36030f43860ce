use resilience_runtime::retry;

#[retry(retry_if = |error| error.kind())]
//~ error.kind() | mismatched types
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
