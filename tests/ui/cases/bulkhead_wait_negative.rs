use resilience_runtime::bulkhead;

#[bulkhead(max = 1, wait = -1)]
//~ -1 | `wait` must not be negative
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
