use resilience_runtime::retry;

#[retry(3)]
//~ 3 | expected `option = value`; the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
