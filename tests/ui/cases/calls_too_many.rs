use resilience_runtime::circuit;

#[circuit(name = "a", threshold = 3, calls = 65536)]
//~ 65536 | `calls` must be a whole number from 1 to 65535
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
