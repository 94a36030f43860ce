use resilience_runtime::bulkhead;

#[bulkhead(max = 0)]
//~ 0 | `max` must be a whole number from 1 to 4294967295
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
