use resilience_runtime::fallback;

async fn replaced(_: u32) -> std::io::Result<()> {
    Ok(())
}

#[fallback(replaced)]
async fn f(x: u32, #[cfg(any())] y: u32) -> std::io::Result<()> {
//~ #[cfg(any())] | the fallback is called with this argument, and rustc takes no `#[cfg]` there: write `#[cfg(..)]` above the function
    let _ = x;
    Ok(())
}

fn main() {}
