use resilience_runtime::circuit;

#[circuit(name = "a", threshold = 3, window = 0)]
//~ 0 | `window` must be from 1 ms to 24 h
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
