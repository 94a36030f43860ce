use resilience_runtime::timeout;

#[timeout(5s)]
//~ 5s | a number has no suffix here: write `5`, or "5s" for a duration
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
