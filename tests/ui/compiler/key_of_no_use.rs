use resilience_runtime::circuit;

#[circuit(name = "a", key = n)]
//~ n | `f64` cannot be the key of a circuit
//~    make a text of it: `key = key.to_string()`
async fn f(n: f64) -> std::io::Result<()> {
    let _ = n;
    Ok(())
}

fn main() {}
