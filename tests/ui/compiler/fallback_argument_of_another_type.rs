use resilience_runtime::fallback;

#[fallback(g)]
//~ g | mismatched types
async fn f(x: u8) -> std::io::Result<()> {
    Ok(())
}

async fn g(_: &str) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
