use resilience_runtime::fallback;

#[fallback(g, with_error = "yes")]
//~ "yes" | `with_error` must be `true` or `false`
async fn f() -> std::io::Result<()> {
    Ok(())
}

async fn g(_: std::io::Error) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
