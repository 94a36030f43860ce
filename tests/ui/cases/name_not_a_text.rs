use resilience_runtime::circuit;

#[circuit(name = exa_api)]
//~ exa_api | cannot find value `exa_api` in this scope
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
