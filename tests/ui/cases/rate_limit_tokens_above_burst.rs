use resilience_runtime::rate_limit;

#[rate_limit(per_second = 10, burst = 2, tokens = 3)]
//~ tokens | `tokens` must be at most `burst`, which is 2
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
