use resilience_runtime::retry;

#[retry(delay = 2, max_elapsed = 1, jitter = "decorrelated")]
//~ max_elapsed | `max_elapsed` leaves no room for the first pause, which takes at least 2s
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
