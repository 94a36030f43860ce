use resilience_runtime::rate_limit;

#[rate_limit(with = LIMIT, per_second = 1)]
//~ per_second | `per_second` does not go with `with`: the limit that you hold has its own
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
