use resilience_runtime::rate_limit;

#[rate_limit(per = "1m", burst = 2)]
//~ per | `per` needs `limit = ..` beside it
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
