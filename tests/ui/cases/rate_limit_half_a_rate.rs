use resilience_runtime::rate_limit;

#[rate_limit(limit = 60)]
//~ limit | `limit` needs `per = ..` beside it
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
