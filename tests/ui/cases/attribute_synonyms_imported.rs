use resilience_runtime::{
    circuit_breaker, circuitbreaker, concurrency_limit, concurrency_limiter, fallback_method, hedged, hedging,
    rate_limiter, ratelimit, ratelimiter, retry_with_backoff, retryable, retrying, time_limit, time_limiter,
    timelimiter,
};

#[concurrency_limit(a = 1)]
//~ #[concurrency_limit(a = 1)] | unknown attribute `concurrency_limit`; the attribute is `#[bulkhead]`
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[concurrency_limiter(a = 1)]
//~ #[concurrency_limiter(a = 1)] | unknown attribute `concurrency_limiter`; the attribute is `#[bulkhead]`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[circuit_breaker(a = 1)]
//~ #[circuit_breaker(a = 1)] | unknown attribute `circuit_breaker`; the attribute is `#[circuit]`
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[circuitbreaker(a = 1)]
//~ #[circuitbreaker(a = 1)] | unknown attribute `circuitbreaker`; the attribute is `#[circuit]`
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[fallback_method(a = 1)]
//~ #[fallback_method(a = 1)] | unknown attribute `fallback_method`; the attribute is `#[fallback]`
async fn f4() -> std::io::Result<()> {
    Ok(())
}

#[hedged(a = 1)]
//~ #[hedged(a = 1)] | unknown attribute `hedged`; the attribute is `#[hedge]`
async fn f5() -> std::io::Result<()> {
    Ok(())
}

#[hedging(a = 1)]
//~ #[hedging(a = 1)] | unknown attribute `hedging`; the attribute is `#[hedge]`
async fn f6() -> std::io::Result<()> {
    Ok(())
}

#[rate_limiter(a = 1)]
//~ #[rate_limiter(a = 1)] | unknown attribute `rate_limiter`; the attribute is `#[rate_limit]`
async fn f7() -> std::io::Result<()> {
    Ok(())
}

#[ratelimit(a = 1)]
//~ #[ratelimit(a = 1)] | unknown attribute `ratelimit`; the attribute is `#[rate_limit]`
async fn f8() -> std::io::Result<()> {
    Ok(())
}

#[ratelimiter(a = 1)]
//~ #[ratelimiter(a = 1)] | unknown attribute `ratelimiter`; the attribute is `#[rate_limit]`
async fn f9() -> std::io::Result<()> {
    Ok(())
}

#[retryable(a = 1)]
//~ #[retryable(a = 1)] | unknown attribute `retryable`; the attribute is `#[retry]`
async fn f10() -> std::io::Result<()> {
    Ok(())
}

#[retrying(a = 1)]
//~ #[retrying(a = 1)] | unknown attribute `retrying`; the attribute is `#[retry]`
async fn f11() -> std::io::Result<()> {
    Ok(())
}

#[retry_with_backoff(a = 1)]
//~ #[retry_with_backoff(a = 1)] | unknown attribute `retry_with_backoff`; the attribute is `#[retry]`
async fn f12() -> std::io::Result<()> {
    Ok(())
}

#[time_limit(a = 1)]
//~ #[time_limit(a = 1)] | unknown attribute `time_limit`; the attribute is `#[timeout]`
async fn f13() -> std::io::Result<()> {
    Ok(())
}

#[time_limiter(a = 1)]
//~ #[time_limiter(a = 1)] | unknown attribute `time_limiter`; the attribute is `#[timeout]`
async fn f14() -> std::io::Result<()> {
    Ok(())
}

#[timelimiter(a = 1)]
//~ #[timelimiter(a = 1)] | unknown attribute `timelimiter`; the attribute is `#[timeout]`
async fn f15() -> std::io::Result<()> {
    Ok(())
}

struct Client;

impl Client {
    #[resilience_runtime::circuit_breaker]
    //~ #[resilience_runtime::circuit_breaker] | unknown attribute `circuit_breaker`; the attribute is `#[circuit]`
    async fn method(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {
    let _: u32 = f0();
    //~ f0() | mismatched types
    let _: u32 = Client.method();
    //~ Client.method() | mismatched types
}
