use resilience_runtime::circuit;

#[circuit(name = "a", error = |open| open.to_string())]
//~ open.to_string() | mismatched types
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
