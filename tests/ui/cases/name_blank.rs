use resilience_runtime::circuit;

#[circuit(name = " \t")]
//~ " \t" | `name` must not be blank
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
