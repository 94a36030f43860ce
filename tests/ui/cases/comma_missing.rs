use resilience_runtime::circuit;

#[circuit(name = "a" threshold = 3)]
//~ threshold | expected `,` between two options
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
