use resilience_runtime::fallback;

#[fallback(g)]
//~ g | `Result<(), std::io::Error>` is not a future
//~    Result<(), std::io::Error> must be a future or must implement `IntoFuture` to be awaited
//~    required for `Result<(), std::io::Error>` to implement `IntoFuture`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn g() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
