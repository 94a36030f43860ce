use resilience_runtime::{RetryBudget, retry};

struct Client {
    budget: RetryBudget,
}

impl Client {
    #[retry(budget = self.budget)]
    //~ self.budget | `budget` must be the path of a static `RetryBudget`, or an expression that makes one
    async fn f(&self) -> std::io::Result<()> {
        Ok(())
    }
}

fn main() {}
