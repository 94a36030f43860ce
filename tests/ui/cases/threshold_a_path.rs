use resilience_runtime::circuit;

#[circuit(name = "a", threshold = LIMIT)]
//~ LIMIT | cannot find value `LIMIT` in this scope
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
