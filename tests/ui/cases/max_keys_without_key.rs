use resilience_runtime::circuit;

#[circuit(name = "a", max_keys = 10)]
//~ max_keys | `max_keys` needs `key = ..` beside it
async fn f(n: f64) -> std::io::Result<()> {
    let _ = n;
    Ok(())
}

fn main() {}
