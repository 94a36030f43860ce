use resilience_runtime::rate_limit;

#[rate_limit(per_second = 10, tokens = 3)]
//~ tokens | `tokens` needs `burst = ..` beside it: the most tokens that a call may take
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
