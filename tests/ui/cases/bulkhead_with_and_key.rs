use resilience_runtime::bulkhead;

#[bulkhead(with = SLOTS, key = 7)]
//~ key | `key` does not go with `with`: the bulkhead that you hold has its own
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
