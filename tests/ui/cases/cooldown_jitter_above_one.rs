use resilience_runtime::circuit;

#[circuit(name = "a", cooldown_jitter = 1.5)]
//~ 1.5 | `cooldown_jitter` must be a number from 0 to 1, such as `0.2`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
