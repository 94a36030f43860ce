use resilience_runtime::rate_limit;

#[rate_limit(per_second = 10, max_keys = 5)]
//~ max_keys | `max_keys` needs `key = ..` beside it
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
