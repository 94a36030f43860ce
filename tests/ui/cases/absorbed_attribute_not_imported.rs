use resilience_runtime::retry;

#[retry]
#[circuit(name = "a")]
//~ circuit | cannot find attribute `circuit` in this scope
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
