use resilience_runtime::circuit;

#[circuit]
//~ #[circuit] | `#[circuit]` needs a name: write `#[circuit(name = "..")]`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
