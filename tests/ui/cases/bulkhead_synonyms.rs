use resilience_runtime::bulkhead;

#[bulkhead(max_concurrent_calls = 10)]
//~ max_concurrent_calls | unknown option `max_concurrent_calls`; did you mean `max`? the options are `name`, `key`, `max_keys`, `max`, `wait`, `max_queue`, `with`, `error`, `crate`
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[bulkhead(max = 1, queue = 5)]
//~ queue | unknown option `queue`; did you mean `max_queue`, the number of calls that wait? the options are `name`, `key`, `max_keys`, `max`, `wait`, `max_queue`, `with`, `error`, `crate`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[bulkhead(max = 3, queue_length = 5)]
//~ queue_length | unknown option `queue_length`; did you mean `max_queue`, the number of calls that wait? the options are `name`, `key`, `max_keys`, `max`, `wait`, `max_queue`, `with`, `error`, `crate`
async fn f2() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
