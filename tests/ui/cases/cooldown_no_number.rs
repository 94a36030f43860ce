use resilience_runtime::circuit;

#[circuit(name = "a", cooldown = "soon")]
//~ "soon" | `cooldown` must be a number with a unit, such as "250ms"
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
