use resilience_runtime::circuit;

#[circuit(name = "twins")]
#[circuit(name = "twins")]
//~ "twins" | this function has a circuit of this name already; each failure would count twice
async fn f() -> std::io::Result<()> {
    Ok(())
}

const NAME: &str = "a";

#[circuit(name = NAME)]
#[circuit(name = NAME)]
//~ NAME | this function has a circuit of this name already; each failure would count twice
async fn g() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
