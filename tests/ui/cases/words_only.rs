use resilience_runtime::fallback;

const ON: &str = "any";

#[fallback(g, on = ON)]
//~ ON | `on` must be a literal: "any" or "rejected"
async fn f() -> std::io::Result<()> {
    Ok(())
}

async fn g() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
