use resilience_runtime::retry;

#[retry(delay = 1e400)]
//~ 1e400 | `delay` must be at most 584 years
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
