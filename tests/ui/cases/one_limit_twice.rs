use resilience_runtime::{bulkhead, rate_limit};

#[bulkhead(name = "a", max = 1)]
#[bulkhead(name = "a")]
//~ "a" | this function has a `#[bulkhead]` of this name already: remove one
async fn f() -> std::io::Result<()> {
    Ok(())
}

#[rate_limit(name = "a", per_second = 1)]
#[rate_limit(name = "a")]
//~ "a" | this function has a `#[rate_limit]` of this name already: remove one
async fn g() -> std::io::Result<()> {
    Ok(())
}

const NAME: &str = "b";

#[bulkhead(name = NAME, max = 1)]
#[bulkhead(name = NAME)]
//~ NAME | this function has a `#[bulkhead]` of this name already: remove one
async fn h() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
