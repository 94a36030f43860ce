use resilience_runtime::timeout;

#[timeout(error = std::io::Error::other)]
//~ #[timeout(error = std::io::Error::other)] | `#[timeout]` needs a duration: write `#[timeout(5)]`, or `#[timeout("250ms")]`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
