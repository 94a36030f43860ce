use resilience_runtime::circuit;

#[circuit(name = "a", threshold = 3, window = 10, calls = 20)]
//~ calls | `window` and `calls` exclude each other: write one of them
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
