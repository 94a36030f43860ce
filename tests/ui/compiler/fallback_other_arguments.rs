use resilience_runtime::fallback;

#[fallback(g)]
//~ g | this function takes 0 arguments but 1 argument was supplied
async fn f(x: u8) -> std::io::Result<()> {
    Ok(())
}

async fn g() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
