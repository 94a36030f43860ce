use resilience_runtime::fallback;

#[fallback]
//~ #[fallback] | `#[fallback]` needs a function or a value: write `#[fallback(path)]`, `#[fallback(|error| ..)]` or `#[fallback(value = ..)]`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
