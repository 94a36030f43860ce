use std::time::Duration;

use resilience_runtime::{circuit, retry, timeout};

const TEXT: &str = "3";
const SECONDS: u32 = 3;
const TIME: Duration = Duration::from_secs(3);

#[retry(max = TEXT)]
//~ TEXT | mismatched types
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[retry(delay = SECONDS)]
//~ SECONDS | mismatched types
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = TIME)]
//~ TIME | mismatched types
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[timeout(SECONDS)]
//~ SECONDS | mismatched types
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[retry(jitter = TEXT, backoff = SECONDS)]
//~ SECONDS | mismatched types
//~ TEXT | mismatched types
async fn f4() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
