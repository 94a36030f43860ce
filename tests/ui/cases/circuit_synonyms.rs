use resilience_runtime::circuit;

#[circuit(name = "a", reset_timeout = 30)]
//~ reset_timeout | unknown option `reset_timeout`; did you mean `cooldown`, in seconds or as a text such as "250ms"? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "b", failureThreshold = 5)]
//~ failureThreshold | unknown option `failureThreshold`; did you mean `threshold`? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "c", error_threshold_percentage = 50)]
//~ error_threshold_percentage | unknown option `error_threshold_percentage`; did you mean `failure_rate`, a share such as `0.5` for 50 %? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "d", success_threshold = 2)]
//~ success_threshold | unknown option `success_threshold`; did you mean `half_open_max`, the number of trials and of successes that close the circuit? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "e", timeout = 5)]
//~ timeout | unknown option `timeout`; did you mean `cooldown`, or the attribute `#[timeout(5)]` for the time of a call? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f4() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "f", fallback_method = g)]
//~ fallback_method | unknown option `fallback_method`; did you mean `#[fallback(path)]`, an attribute of its own? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f5() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "g", open = g)]
//~ open | unknown option `open`; did you mean `error`, a function that turns the rejection into your error? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f6() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "hung", hung_timeout = 5)]
//~ hung_timeout | unknown option `hung_timeout`; did you mean `hung_after`, in seconds or as a text such as "250ms"? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f7() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "half", max_half_open = 2)]
//~ max_half_open | unknown option `max_half_open`; did you mean `half_open_max`? the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f8() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
