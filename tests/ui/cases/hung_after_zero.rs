use resilience_runtime::circuit;

#[circuit(name = "a", hung_after = 0)]
//~ 0 | `hung_after` must be longer than zero
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
