use resilience_runtime::circuit;

#[circuit(name = "a", threshold = 3, threshold = 4)]
//~ threshold | duplicate option `threshold`: write it once
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
