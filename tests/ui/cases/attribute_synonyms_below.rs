use resilience_runtime::retry;

#[retry]
#[concurrency_limit(a = 1)]
//~ concurrency_limit | unknown attribute `concurrency_limit`; the attribute is `#[bulkhead]`; an attribute of another crate needs its path here
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[concurrency_limiter(a = 1)]
//~ concurrency_limiter | unknown attribute `concurrency_limiter`; the attribute is `#[bulkhead]`; an attribute of another crate needs its path here
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[circuit_breaker(a = 1)]
//~ circuit_breaker | unknown attribute `circuit_breaker`; the attribute is `#[circuit]`; an attribute of another crate needs its path here
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[circuitbreaker(a = 1)]
//~ circuitbreaker | unknown attribute `circuitbreaker`; the attribute is `#[circuit]`; an attribute of another crate needs its path here
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[fallback_method(a = 1)]
//~ fallback_method | unknown attribute `fallback_method`; the attribute is `#[fallback]`; an attribute of another crate needs its path here
async fn f4() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[hedged(a = 1)]
//~ hedged | unknown attribute `hedged`; the attribute is `#[hedge]`; an attribute of another crate needs its path here
async fn f5() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[hedging(a = 1)]
//~ hedging | unknown attribute `hedging`; the attribute is `#[hedge]`; an attribute of another crate needs its path here
async fn f6() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[rate_limiter(a = 1)]
//~ rate_limiter | unknown attribute `rate_limiter`; the attribute is `#[rate_limit]`; an attribute of another crate needs its path here
async fn f7() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[ratelimit(a = 1)]
//~ ratelimit | unknown attribute `ratelimit`; the attribute is `#[rate_limit]`; an attribute of another crate needs its path here
async fn f8() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[ratelimiter(a = 1)]
//~ ratelimiter | unknown attribute `ratelimiter`; the attribute is `#[rate_limit]`; an attribute of another crate needs its path here
async fn f9() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[retryable(a = 1)]
//~ retryable | unknown attribute `retryable`; the attribute is `#[retry]`; an attribute of another crate needs its path here
async fn f10() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[retrying(a = 1)]
//~ retrying | unknown attribute `retrying`; the attribute is `#[retry]`; an attribute of another crate needs its path here
async fn f11() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[retry_with_backoff(a = 1)]
//~ retry_with_backoff | unknown attribute `retry_with_backoff`; the attribute is `#[retry]`; an attribute of another crate needs its path here
async fn f12() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[time_limit(a = 1)]
//~ time_limit | unknown attribute `time_limit`; the attribute is `#[timeout]`; an attribute of another crate needs its path here
async fn f13() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[time_limiter(a = 1)]
//~ time_limiter | unknown attribute `time_limiter`; the attribute is `#[timeout]`; an attribute of another crate needs its path here
async fn f14() -> std::io::Result<()> {
    Ok(())
}

#[retry]
#[timelimiter(a = 1)]
//~ timelimiter | unknown attribute `timelimiter`; the attribute is `#[timeout]`; an attribute of another crate needs its path here
async fn f15() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
