use resilience_runtime::circuit;

#[circuit(name = "a")]
const fn f() -> std::io::Result<()> {
//~ const | a `const fn` cannot wait for anything: remove `const`
    Ok(())
}

fn main() {}
