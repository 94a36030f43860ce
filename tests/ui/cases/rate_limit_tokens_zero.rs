use resilience_runtime::rate_limit;

#[rate_limit(per_second = 10, burst = 2, tokens = 0)]
//~ 0 | `tokens` must be a whole number from 1 to 4294967295
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
