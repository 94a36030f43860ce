use resilience_runtime::fallback;

#[fallback(g, with_error = true)]
//~ g | mismatched types
async fn f(_x: u8) -> std::io::Result<()> {
    Ok(())
}

async fn g(_x: u8, _error: String) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
