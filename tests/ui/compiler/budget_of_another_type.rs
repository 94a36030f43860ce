use resilience_runtime::retry;

static TEXT: &str = "";

#[retry(budget = TEXT)]
//~ TEXT | mismatched types
//~    expected reference `&'static RetryBudget`    found reference `&&'static str`
async fn shared() -> std::io::Result<()> {
    Ok(())
}

#[retry(budget = 1 + 2)]
//~ 1 + 2 | mismatched types
async fn own() -> std::io::Result<()> {
    Ok(())
}

fn main() {
    drop((shared(), own()));
}
