use resilience_runtime::{circuit, retry};

#[retry(delay = 0)]
#[retry(attempt = n)]
#[circuit(name = "a", key = n)]
//~ "a" | the key of this circuit names the attempt of a retry, so the circuit must be below one retry only
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
