use resilience_runtime::circuit;

#[circuit(name = "a", cooldown = -30)]
//~ -30 | `cooldown` must not be negative
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
