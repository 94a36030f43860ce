use resilience_runtime::{circuit, retry};

#[retry]
#[circuit = "exa_api"]
//~ = | expected a list of options: write `(option = value)`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
