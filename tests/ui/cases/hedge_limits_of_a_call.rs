use resilience_runtime::hedge;

use std::time::Duration;

#[hedge(after = "p95", min_after = least, max_after = Duration::from_secs(1))]
//~ least | `min_after` must be a constant, and `least` belongs to one call: for a value of the call, hold the layer and write `with = ..`
async fn f0(least: Duration) -> std::io::Result<()> {
//~ warning: least | unused variable: `least`
    Ok(())
}

fn main() {}
