use resilience_runtime::{RetryBudget, TokenBucket, hedge};

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

#[hedge(after = 1, budget = &BUDGET)]
//~ &BUDGET | `budget` must be the path of a static `RetryBudget`, or an expression that makes one
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = 1, budget = 5)]
//~ 5 | `budget` must be the path of a static `RetryBudget`, or an expression that makes one
async fn f1() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
