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

fn main() {}
