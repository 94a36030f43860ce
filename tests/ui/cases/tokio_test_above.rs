use resilience_runtime::circuit;

#[tokio::test]
#[circuit(name = "a")]
async fn f() -> std::io::Result<()> {
//~ fn | this function has been made synchronous by the attribute above: put that one below
    Ok(())
}

fn main() {}
