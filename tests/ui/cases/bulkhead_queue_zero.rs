use resilience_runtime::bulkhead;

#[bulkhead(max = 10, wait = 1, max_queue = 0)]
//~ 0 | `max_queue` must be a whole number from 1 to 1000000000
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
