use resilience_runtime::circuit;

#[circuit(name = "shard[7]")]
//~ "shard[7]" | `name` must not end like `name[key]`, the name of a circuit with a key
async fn f(n: u64) -> std::io::Result<()> {
    let _ = n;
    Ok(())
}

fn main() {}
