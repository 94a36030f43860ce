use resilience_runtime::bulkhead;

#[bulkhead(wait = 1)]
//~ #[bulkhead(wait = 1)] | `#[bulkhead]` needs a limit: write `#[bulkhead(max = ..)]`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
