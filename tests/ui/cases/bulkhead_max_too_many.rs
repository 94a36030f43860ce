use resilience_runtime::bulkhead;

#[bulkhead(max = 4294967296)]
//~ 4294967296 | `max` must be a whole number from 1 to 4294967295
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
