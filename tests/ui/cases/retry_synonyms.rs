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

#[retry(retry_on_error = f)]
//~ retry_on_error | unknown option `retry_on_error`; did you mean `retry_if`, a function of the error? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f7() -> std::io::Result<()> {
    Ok(())
}

#[retry(stop_after = 5)]
//~ stop_after | unknown option `stop_after`; did you mean `max`, or `max_elapsed` for a time? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f8() -> std::io::Result<()> {
    Ok(())
}

#[retry(attempt_timeout = 5)]
//~ attempt_timeout | unknown option `attempt_timeout`; did you mean `#[timeout(5)]` below the retry, for the time of each attempt? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f9() -> std::io::Result<()> {
    Ok(())
}

#[retry(num = 3)]
//~ num | unknown option `num`; did you mean `max`? the options are `name`, `with`, `max`, `delay`, `backoff`, `max_delay`, `jitter`, `max_elapsed`, `count_nested`, `retry_rejected`, `budget`, `cost`, `cost_ok`, `retry_if`, `retry_if_ok`, `retry_after`, `retry_after_ok`, `on_retry`, `attempt`, `clone`, `crate`
async fn f10() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
