use resilience_runtime::circuit;

#[circuit(with = 5)]
//~ 5 | mismatched types
//~    expected reference `&CircuitBreaker`    found reference `&{integer}`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
