use resilience_runtime::{Bulkhead, Hedge, RateLimit, RetryPolicy, Timeout, bulkhead, hedge, rate_limit, retry, timeout};

#[retry(name = "a", with = held)]
//~ name | `name` does not go with `with`: the policy that you hold has its own
async fn f0(held: RetryPolicy) -> std::io::Result<()> {
    let _ = held;
    Ok(())
}

#[timeout(name = "a", with = held)]
//~ name | `name` does not go with `with`: the timeout that you hold is not listed
async fn f1(held: Timeout) -> std::io::Result<()> {
    let _ = held;
    Ok(())
}

#[bulkhead(name = "a", with = held)]
//~ name | `name` does not go with `with`: the bulkhead that you hold has its own
async fn f2(held: Bulkhead) -> std::io::Result<()> {
    let _ = held;
    Ok(())
}

#[rate_limit(name = "a", with = held)]
//~ name | `name` does not go with `with`: the limit that you hold has its own
async fn f3(held: RateLimit) -> std::io::Result<()> {
    let _ = held;
    Ok(())
}

#[hedge(name = "a", with = held)]
//~ name | `name` does not go with `with`: the hedge that you hold has its own
async fn f4(held: Hedge) -> std::io::Result<()> {
    let _ = held;
    Ok(())
}

#[timeout(name = "")]
//~ "" | `name` must not be blank
async fn f5() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
