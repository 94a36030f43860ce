use resilience_runtime::{circuit, retry};

#[retry]
#[circuit(name = "a", cooldown = -1)]
//~ -1 | `cooldown` must not be negative
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
