use resilience_runtime::retry;

#[retry]
fn f(runtime: &tokio::runtime::Runtime) -> std::io::Result<()> {
//~ fn | this function is not async: write `async fn`, or, if an attribute above has made it so, put that one below
    runtime.block_on(async { Ok(()) })
}

fn main() {}
