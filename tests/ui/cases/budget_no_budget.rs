use resilience_runtime::retry;

#[retry(budget = 5)]
//~ 5 | `budget` must be the path of a static `RetryBudget`, or an expression that makes one
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
