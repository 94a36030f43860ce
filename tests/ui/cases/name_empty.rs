use resilience_runtime::circuit;

#[circuit(name = "")]
//~ "" | `name` must not be blank
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
