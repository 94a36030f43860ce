use resilience_runtime::circuit;

#[tokio::main(flavor = "current_thread")]
#[circuit(name = "a")]
async fn main() -> std::io::Result<()> {
//~ fn | this function is not async: write `async fn`, or, if an attribute above has made it so, put that one below
    Ok(())
}


