use resilience_runtime::rate_limit;

#[rate_limit(per_second = 10, max_queue = 5)]
//~ max_queue | `max_queue` needs `wait = ..` beside it: no call waits otherwise
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
