use resilience_runtime::{circuit, fallback, rate_limit, retry, timeout};

const MAX: u32 = 3;

#[retry(max = MAX, delay = Duration::from_millis(100), backoff = 1 + 1, jitter = JITTER, count_nested = !true)]
//~ !true | `count_nested` must be a literal: `true` or `false`
//~ 1 + 1 | `backoff` must be a literal: a finite number of at least 1
//~ Duration::from_millis(100) | `delay` must be a literal: seconds, such as `1.5`, or a text such as "250ms"
//~ JITTER | `jitter` must be a literal: one of "full", "equal", "decorrelated"
//~ MAX | `max` must be a literal: a whole number from 1 to 4294967295
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = NAME, failure_rate = RATE, min_calls = 3, calls = MAX, cooldown_jitter = -JITTER, count = COUNT)]
//~ -JITTER | `cooldown_jitter` must be a literal: a number from 0 to 1, such as `0.2`
//~ COUNT | `count` must be a literal: "attempts" or "requests"
//~ MAX | `calls` must be a literal: a whole number from 1 to 65535
//~ NAME | `name` must be a literal: a text, such as "exa_api"
//~ RATE | `failure_rate` must be a literal: a number greater than 0, to 1, such as `0.5`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[timeout(Duration::from_secs(5))]
//~ Duration::from_secs(5) | `timeout` must be a literal: seconds, such as `1.5`, or a text such as "250ms"
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[fallback(g, on = ON)]
//~ ON | `on` must be a literal: "any" or "rejected"
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[rate_limit(per_second = env!("RATE"))]
//~ env!("RATE") | `per_second` must be a literal: a whole number from 1 to 1000000
async fn f4() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
