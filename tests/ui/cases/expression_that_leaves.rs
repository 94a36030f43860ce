use resilience_runtime::{bulkhead, circuit, hedge, rate_limit, retry, timeout};
use std::time::Duration;

fn limit() -> std::io::Result<Duration> {
    Ok(Duration::from_secs(1))
}

#[timeout(limit()?)]
//~ ? | `timeout` is a setting, and cannot contain `?`: compute the value before the call, and pass it as an argument
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = limit()?)]
//~ ? | `after` is a setting, and cannot contain `?`: compute the value before the call, and pass it as an argument
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[bulkhead(max = 1, wait = match limit() { Ok(limit) => limit, Err(error) => return Err(error) })]
//~ return | `wait` is a setting, and cannot contain `return`: compute the value before the call, and pass it as an argument
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[rate_limit(per_second = 1, burst = 5, tokens = 1 | limit()?.as_secs() as u32, wait = 1)]
//~ ? | `tokens` is a setting, and cannot contain `?`: compute the value before the call, and pass it as an argument
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[retry(attempt = n)]
#[circuit(name = "a", key = n + limit()?.as_secs() as u32)]
//~ ? | `key` is a setting, and cannot contain `?`: compute the value before the call, and pass it as an argument
async fn f4() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
