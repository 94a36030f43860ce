use resilience_runtime::{circuit, retry};

#[retry(max = 0)]
//~ 0 | `max` must be a whole number from 1 to 4294967295
#[circuit(name = "a", threshold = 0)]
//~ 0 | `threshold` must be a whole number from 1 to 4294967295
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
