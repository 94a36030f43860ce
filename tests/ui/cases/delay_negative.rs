use resilience_runtime::retry;

#[retry(delay = -1.0)]
//~ -1.0 | `delay` must not be negative
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
