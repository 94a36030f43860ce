use resilience_runtime::circuit;

#[circuit(name = "a", crate = elsewhere)]
//~ elsewhere | cannot find module or crate `elsewhere` in this scope
//~ elsewhere | cannot find module or crate `elsewhere` in this scope
async fn f() -> std::io::Result<()> {
//~ std | cannot find module or crate `elsewhere` in this scope
    Ok(())
}

fn main() {}
