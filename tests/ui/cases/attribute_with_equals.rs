use resilience_runtime::circuit;

#[circuit = "exa_api"]
//~ #[circuit = "exa_api"] | key-value macro attributes are not supported
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
