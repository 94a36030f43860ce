use resilience_runtime::circuit;

#[circuit(name = "a", threshold = LIMIT)]
//~ LIMIT | `threshold` must be a literal: a whole number from 1 to 4294967295
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
