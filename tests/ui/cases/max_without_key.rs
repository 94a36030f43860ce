use resilience_runtime::retry;

#[retry(3)]
//~ 3 | expected `option = value`; the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `retry_if`, `retry_if_ok`, `retry_after`, `on_retry`, `attempt`, `clone`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
