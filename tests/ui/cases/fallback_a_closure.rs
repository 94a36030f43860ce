use resilience_runtime::fallback;

#[fallback(|x| g(x))]
//~ |x| g(x) | `fallback` must be the path of an `async fn`
async fn f() -> std::io::Result<()> {
    Ok(())
}

async fn g() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
