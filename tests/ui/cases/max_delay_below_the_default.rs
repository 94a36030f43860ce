use resilience_runtime::retry;

#[retry(max_delay = "500ms")]
//~ max_delay | `max_delay` must be at least as long as `delay`, which is 1s
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
