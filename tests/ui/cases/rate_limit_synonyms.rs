use resilience_runtime::rate_limit;

#[rate_limit(limit_for_period = 10)]
//~ limit_for_period | unknown option `limit_for_period`; did you mean `limit`, with `per` for the period? the options are `name`, `key`, `max_keys`, `per_second`, `limit`, `per`, `burst`, `tokens`, `wait`, `max_queue`, `with`, `error`, `crate`
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[rate_limit(requests_per_second = 1, burst_size = 5)]
//~ burst_size | unknown option `burst_size`; did you mean `burst`? the options are `name`, `key`, `max_keys`, `per_second`, `limit`, `per`, `burst`, `tokens`, `wait`, `max_queue`, `with`, `error`, `crate`
//~ requests_per_second | unknown option `requests_per_second`; did you mean `per_second`? the options are `name`, `key`, `max_keys`, `per_second`, `limit`, `per`, `burst`, `tokens`, `wait`, `max_queue`, `with`, `error`, `crate`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[rate_limit(calls_per_minute = 60)]
//~ calls_per_minute | unknown option `calls_per_minute`; did you mean `limit`, with `per = "1m"` or `per = "1h"`? the options are `name`, `key`, `max_keys`, `per_second`, `limit`, `per`, `burst`, `tokens`, `wait`, `max_queue`, `with`, `error`, `crate`
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[rate_limit(limit = 5, time = 1)]
//~ time | unknown option `time`; did you mean `per`, in seconds or as a text such as "250ms"? the options are `name`, `key`, `max_keys`, `per_second`, `limit`, `per`, `burst`, `tokens`, `wait`, `max_queue`, `with`, `error`, `crate`
async fn f3() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
