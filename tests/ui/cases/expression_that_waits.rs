use resilience_runtime::{bulkhead, circuit, hedge, rate_limit, retry, timeout};
use std::time::Duration;

async fn limit() -> Duration {
    Duration::from_secs(1)
}

#[timeout(limit().await)]
//~ await | `timeout` is a setting, and cannot contain `.await`: compute the value before the call, and pass it as an argument
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = limit().await / 2)]
//~ await | `after` is a setting, and cannot contain `.await`: compute the value before the call, and pass it as an argument
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[bulkhead(max = 1, wait = { limit().await })]
//~ await | `wait` is a setting, and cannot contain `.await`: compute the value before the call, and pass it as an argument
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[rate_limit(per_second = 1, burst = 5, tokens = limit().await.as_secs() as u32)]
//~ await | `tokens` is a setting, and cannot contain `.await`: compute the value before the call, and pass it as an argument
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "a", key = limit().await.as_secs())]
//~ await | `key` is a setting, and cannot contain `.await`: compute the value before the call, and pass it as an argument
async fn f4() -> std::io::Result<()> {
    Ok(())
}

#[circuit(with = breaker().await)]
//~ await | `with` is a setting, and cannot contain `.await`: compute the value before the call, and pass it as an argument
async fn f5() -> std::io::Result<()> {
    Ok(())
}

#[retry(with = policy().await)]
//~ await | `with` is a setting, and cannot contain `.await`: compute the value before the call, and pass it as an argument
async fn f6() -> std::io::Result<()> {
    Ok(())
}

#[retry(max = limit().await.as_secs() as u32)]
//~ await | `max` is a setting, and cannot contain `.await`: compute the value before the call, and pass it as an argument
async fn f7() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
