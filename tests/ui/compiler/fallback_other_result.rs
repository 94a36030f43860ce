use resilience_runtime::fallback;

#[fallback(g)]
//~ g | mismatched types
//~    expected enum `Result<(), _>`    found enum `Result<u32, _>`
async fn f() -> std::io::Result<()> {
    Ok(())
}

async fn g() -> std::io::Result<u32> {
    Ok(7)
}

fn main() {}
