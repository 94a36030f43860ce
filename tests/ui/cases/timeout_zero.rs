use resilience_runtime::timeout;

#[timeout(0)]
//~ 0 | `timeout` must be longer than zero
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
