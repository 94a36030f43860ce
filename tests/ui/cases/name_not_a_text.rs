use resilience_runtime::circuit;

#[circuit(name = exa_api)]
//~ exa_api | `name` must be a literal: a text, such as "exa_api"
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
