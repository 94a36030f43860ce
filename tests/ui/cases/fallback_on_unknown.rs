use resilience_runtime::fallback;

#[fallback(g, on = "open")]
//~ "open" | `on` must be "any" or "rejected"
async fn f() -> std::io::Result<()> {
    Ok(())
}

async fn g() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
