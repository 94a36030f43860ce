use resilience_runtime::circuit;

#[circuit(name = "a", threshold: 3)]
//~ threshold | expected a value: write `threshold = ..`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
