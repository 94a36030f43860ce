use resilience_runtime::circuit;

#[circuit(name = "a", threshold = 3u32)]
//~ 3u32 | a number has no suffix here: write `3`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
