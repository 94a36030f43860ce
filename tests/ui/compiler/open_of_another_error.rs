use resilience_runtime::circuit;

#[circuit(name = "a", open = |open| open.to_string())]
async fn f() -> std::io::Result<()> {
//~ std | mismatched types
//~    expected enum `Result<(), std::io::Error>`    found enum `Result<_, String>`
    Ok(())
}

fn main() {}
