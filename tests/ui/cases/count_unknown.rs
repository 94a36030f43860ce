use resilience_runtime::circuit;

#[circuit(name = "a", count = "calls")]
//~ "calls" | `count` must be "attempts" or "requests"
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
