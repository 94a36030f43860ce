use resilience_runtime::fallback;

#[fallback(g)]
async fn f() -> std::io::Result<()> {
//~ std | mismatched types
//~    expected enum `Result<(), _>`    found enum `Result<u32, _>`
    Ok(())
}

async fn g() -> std::io::Result<u32> {
    Ok(7)
}

fn main() {}
