use resilience_runtime::bulkhead;

#[bulkhead(name = "shard[7]", max = 1)]
//~ "shard[7]" | `name` must not end like `name[key]`, the name of a bulkhead with a key
async fn f(n: u64) -> std::io::Result<()> {
    let _ = n;
    Ok(())
}

#[bulkhead(name = "shard[", max = 1, key = n)]
//~ "shard[" | `name` must not contain `[` beside `key`, since `name[key]` is the name of a bulkhead
async fn g(n: u64) -> std::io::Result<()> {
    let _ = n;
    Ok(())
}

fn main() {}
