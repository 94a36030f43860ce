use resilience_runtime::retry;

#[retry(delay = 2, max_delay = 1)]
//~ max_delay | `max_delay` must be at least as long as `delay`, which is 2s
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
