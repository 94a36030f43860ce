use resilience_runtime::rate_limit;

#[rate_limit(per_second = 0, burst = 0)]
//~ 0 | `burst` must be a whole number from 1 to 4294967295
//~ 0 | `per_second` must be a whole number from 1 to 1000000
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
