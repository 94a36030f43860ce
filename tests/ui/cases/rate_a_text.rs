use resilience_runtime::circuit;

#[circuit(name = "a", failure_rate = "50%", window = 10, min_calls = 5)]
//~ "50%" | `failure_rate` must be a number greater than 0, to 1, such as `0.5`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
