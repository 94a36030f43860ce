use resilience_runtime::circuit;

#[circuit(name = "a", cooldown = 30, max_cooldown = 10)]
//~ max_cooldown | `max_cooldown` must be at least as long as `cooldown`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
