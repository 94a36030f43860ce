use resilience_runtime::{RetryBudget, TokenBucket, retry};

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

#[retry(budget = &BUDGET)]
//~ &BUDGET | `budget` must be the path of a static `RetryBudget`, or an expression that makes one
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
