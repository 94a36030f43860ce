use resilience_runtime::timeout;

#[timeout(from_secs(5))]
//~ from_secs | cannot find function `from_secs` in this scope
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
