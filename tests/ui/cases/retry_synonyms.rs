use resilience_runtime::retry;

#[retry(attempts = 3)]
//~ attempts | unknown option `attempts`; did you mean `max`? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[retry(max_retries = 3)]
//~ max_retries | unknown option `max_retries`; did you mean `max`, which also counts the first attempt? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[retry(base_delay = 100)]
//~ base_delay | unknown option `base_delay`; did you mean `delay`, in seconds or as a text such as "250ms"? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[retry(factor = 2)]
//~ factor | unknown option `factor`; did you mean `backoff`, the factor between two pauses? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[retry(stop = stop_after_attempt(3))]
//~ stop | unknown option `stop`; did you mean `max`, or `max_elapsed` for a time? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f4() -> std::io::Result<()> {
    Ok(())
}

#[retry(with_jitter())]
//~ with_jitter | unknown option `with_jitter`; did you mean `jitter`? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f5() -> std::io::Result<()> {
    Ok(())
}

#[retry(timeout = 60)]
//~ timeout | unknown option `timeout`; did you mean `max_elapsed` for all attempts, or the attribute `#[timeout(5)]` for each? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f6() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
