use resilience_runtime::rate_limit;

#[rate_limit(per_second = 1, limit = 60, per = "1m")]
//~ limit | `per_second` and `limit` exclude each other: write one of them
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
