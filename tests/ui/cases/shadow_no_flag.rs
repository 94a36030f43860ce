use resilience_runtime::circuit;

#[circuit(name = "a", shadow = 1)]
//~ 1 | `shadow` must be `true` or `false`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
