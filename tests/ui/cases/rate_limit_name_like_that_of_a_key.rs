use resilience_runtime::rate_limit;

#[rate_limit(name = "shard[7]", per_second = 1)]
//~ "shard[7]" | `name` must not end like `name[key]`, the name of a limit with a key
async fn f(n: u64) -> std::io::Result<()> {
    let _ = n;
    Ok(())
}

#[rate_limit(name = "shard[", per_second = 1, key = n)]
//~ "shard[" | `name` must not contain `[` beside `key`, since `name[key]` is the name of a limit
async fn g(n: u64) -> std::io::Result<()> {
    let _ = n;
    Ok(())
}

fn main() {}
