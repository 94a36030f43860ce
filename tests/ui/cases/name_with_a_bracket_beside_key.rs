use resilience_runtime::circuit;

#[circuit(name = "shard[", key = n)]
//~ "shard[" | `name` must not contain `[` beside `key`, since `name[key]` is the name of a circuit
async fn f(n: u64) -> std::io::Result<()> {
    let _ = n;
    Ok(())
}

fn main() {}
