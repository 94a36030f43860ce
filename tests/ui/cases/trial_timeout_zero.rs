use resilience_runtime::circuit;

#[circuit(name = "a", trial_timeout = 0)]
//~ 0 | `trial_timeout` must be longer than zero
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
