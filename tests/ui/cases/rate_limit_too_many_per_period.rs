use resilience_runtime::rate_limit;

#[rate_limit(limit = 1001, per = "1ms")]
//~ limit | `limit` must be at most 1000 for this `per`, 1000000 a second
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
