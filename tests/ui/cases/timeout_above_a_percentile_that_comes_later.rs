use resilience_runtime::{hedge, timeout};

#[timeout("5ms")]
#[hedge(after = "p95", min_after = "5ms", max_after = 1)]
//~ "p95" | the timeout above is over after 0.005 s, before a second attempt: write less
async fn f0() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
