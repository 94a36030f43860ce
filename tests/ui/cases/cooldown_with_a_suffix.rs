use resilience_runtime::circuit;

#[circuit(name = "a", cooldown = 30s)]
//~ 30s | a number has no suffix here: write `30`, or "30s" for a duration
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
