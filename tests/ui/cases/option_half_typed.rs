use resilience_runtime::circuit;

#[circuit(name = "a", threshold =)]
//~ = | expected a value: write `threshold = ..`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
