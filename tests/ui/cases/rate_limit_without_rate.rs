use resilience_runtime::rate_limit;

#[rate_limit(burst = 1)]
//~ #[rate_limit(burst = 1)] | `#[rate_limit]` needs a rate: write `#[rate_limit(per_second = ..)]`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
