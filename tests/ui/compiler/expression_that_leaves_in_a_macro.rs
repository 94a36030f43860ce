use resilience_runtime::timeout;
use std::time::Duration;

macro_rules! limit {
    () => {
        "1".parse().map(Duration::from_secs)?
        //~ ? | the `?` operator can only be used in a closure that returns `Result` or `Option` (or another type that implements `FromResidual`)
    };
}

#[timeout(limit!())]
async fn f() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    Ok(())
}

fn main() {}
