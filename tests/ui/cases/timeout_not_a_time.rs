use resilience_runtime::timeout;

#[timeout(fast)]
//~ fast | cannot find value `fast` in this scope
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
