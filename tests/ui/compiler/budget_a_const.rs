use resilience_runtime::{RetryBudget, TokenBucket, retry};

const BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

#[retry(budget = BUDGET)]
//~ BUDGET | temporary value dropped while borrowed
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop(f());
}
