use resilience_runtime::circuit;

#[circuit(name = "a", cooldown = 1e30)]
//~ 1e30 | `cooldown` must be at most 584 years
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
