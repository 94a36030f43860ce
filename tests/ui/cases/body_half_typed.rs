use resilience_runtime::retry;

#[retry]
async fn f() -> std::io::Result<()> = Ok(());
//~ = Ok(()); | function body cannot be `= expression;`
//~ = | expected the body of a function

fn main() {}
