use resilience_runtime::timeout;

#[timeout(-1)]
//~ -1 | `timeout` must not be negative
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
