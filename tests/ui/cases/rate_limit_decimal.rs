use resilience_runtime::rate_limit;

#[rate_limit(per_second = 0.5)]
//~ 0.5 | `per_second` must be a whole number from 1 to 1000000
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
