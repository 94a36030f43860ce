use resilience_runtime::circuit;

#[tokio::main(flavor = "current_thread")]
#[circuit(name = "a")]
async fn main() -> std::io::Result<()> {
//~ fn | this function has been made synchronous by the attribute above: put that one below
    Ok(())
}


