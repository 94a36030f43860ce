use resilience_runtime::circuit;

#[tokio::test]
#[circuit(name = "a")]
async fn f() -> std::io::Result<()> {
//~ fn | this function is not async: write `async fn`, or, if an attribute above has made it so, put that one below
    Ok(())
}

fn main() {}
