use resilience_runtime::circuit;

#[circuit("exa_api")]
//~ "exa_api" | expected `option = value`; the options are `name`, `key`, `max_keys`, `with`, `threshold`, `window`, `calls`, `failure_rate`, `slow_call`, `slow_rate`, `min_calls`, `cooldown`, `cooldown_factor`, `max_cooldown`, `cooldown_jitter`, `half_open_max`, `trial_timeout`, `hung_after`, `count`, `shadow`, `durations`, `stream`, `failure_if`, `failure_if_ok`, `retry_after`, `retry_after_ok`, `error`, `crate`
async fn f() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
