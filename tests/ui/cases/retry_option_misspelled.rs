use resilience_runtime::retry;

#[retry(max_attempts = 3)]
//~ max_attempts | unknown option `max_attempts`; did you mean `max`? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `retry_if`, `retry_if_ok`, `retry_after`, `on_retry`, `attempt`, `clone`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
