use resilience_runtime::fallback;

#[fallback]
//~ #[fallback] | `#[fallback]` needs a function: write `#[fallback(path)]`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
