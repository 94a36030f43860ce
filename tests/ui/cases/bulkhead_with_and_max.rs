use resilience_runtime::bulkhead;

#[bulkhead(with = bulkhead, max = 1, wait = 0)]
//~ max | `max` does not go with `with`: the bulkhead that you hold has its own
//~ wait | `wait` does not go with `with`: the bulkhead that you hold has its own
async fn f(bulkhead: &resilience_runtime::Bulkhead) -> std::io::Result<()> {
//~ warning: bulkhead | unused variable: `bulkhead`
    Ok(())
}

fn main() {}
