use resilience_runtime::bulkhead;

#[bulkhead(max = 10, max_queue = 5)]
//~ max_queue | `max_queue` needs `wait = ..` beside it: no call waits otherwise
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
