use resilience_runtime::retry;

#[retry(delay = "-5ms")]
//~ "-5ms" | `delay` must not be negative
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
