use resilience_runtime::circuit;

#[circuit(name = "a", cooldown_factor = 0.5)]
//~ 0.5 | `cooldown_factor` must be a finite number of at least 1
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
