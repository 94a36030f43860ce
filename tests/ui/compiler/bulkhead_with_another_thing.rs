use resilience_runtime::bulkhead;

#[bulkhead(with = limit)]
//~ limit | mismatched types
//~    expected reference `&resilience_runtime::Bulkhead`    found reference `&u32`
async fn f(limit: u32) -> std::io::Result<()> {
    Ok(())
}

fn main() {}
