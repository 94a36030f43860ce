use resilience_runtime::{RetryBudget, TokenBucket, retry};

static BUDGET: RetryBudget = RetryBudget::bucket(TokenBucket::DEFAULT);

#[retry(retry_if_ok = |_| true, cost_ok = |_| todo!())]
//~ cost_ok | `cost_ok` needs `budget = ..` beside it: nothing is paid otherwise
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[retry(budget = BUDGET, cost_ok = |_| todo!())]
//~ cost_ok | `cost_ok` needs `retry_if_ok = ..` beside it: no `Ok` is retried otherwise
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[retry(budget = BUDGET, retry_if_ok = |_| true, cost_ok = 7)]
//~ 7 | `cost_ok` must be the path of a function, or a closure
async fn f2() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
