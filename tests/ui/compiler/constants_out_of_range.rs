use std::time::Duration;

use resilience_runtime::{bulkhead, circuit, hedge, rate_limit, retry, timeout};

const NONE: u32 = 0;
const BLANK: &str = " ";
const NAME_OF_KEY: &str = "shard[7]";
const NO_TIME: Duration = Duration::ZERO;
const MUCH: f64 = 1.5;
const MINUTE: Duration = Duration::from_secs(60);

#[retry(max = NONE)]
//~ #[retry(max = NONE)] | evaluation panicked: `max` must be a whole number from 1 to 4294967295
async fn f0() -> std::io::Result<()> {
    Ok(())
}

#[retry(delay = MINUTE, max_delay = 3)]
//~ #[retry(delay = MINUTE, max_delay = 3)] | evaluation panicked: `max_delay` must be at least as long as `delay`
async fn f1() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = BLANK)]
//~ #[circuit(name = BLANK)] | evaluation panicked: `name` must be a text that is not blank, and does not end like `name[key]`
async fn f2() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "a", failure_rate = MUCH, min_calls = 1, calls = 9)]
//~ #[circuit(name = "a", failure_rate = MUCH, min_calls = 1, calls = 9)] | evaluation panicked: `failure_rate` must be a number greater than 0, to 1, such as `0.5`
async fn f3() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "b", cooldown = MINUTE, max_cooldown = 5)]
//~ #[circuit(name = "b", cooldown = MINUTE, max_cooldown = 5)] | evaluation panicked: `max_cooldown` must be at least as long as `cooldown`
async fn f4() -> std::io::Result<()> {
    Ok(())
}

#[circuit(name = "c", count = BLANK)]
//~ #[circuit(name = "c", count = BLANK)] | evaluation panicked: `count` must be "attempts" or "requests"
async fn f5() -> std::io::Result<()> {
    Ok(())
}

#[timeout(NO_TIME)]
//~ #[timeout(NO_TIME)] | evaluation panicked: `timeout` must be longer than zero, and at most 584 years
async fn f6() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = 1, max = NONE)]
//~ #[hedge(after = 1, max = NONE)] | evaluation panicked: `max` must be a whole number from 2 to 5
async fn f7() -> std::io::Result<()> {
    Ok(())
}

#[bulkhead(max = NONE)]
//~ #[bulkhead(max = NONE)] | evaluation panicked: `max` must be a whole number from 1 to 4294967295
async fn f8() -> std::io::Result<()> {
    Ok(())
}

#[rate_limit(per_second = NONE)]
//~ #[rate_limit(per_second = NONE)] | evaluation panicked: `per_second` must be a whole number from 1 to 1000000
async fn f9() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p95", min_after = MINUTE, max_after = 5)]
//~ #[hedge(after = "p95", min_after = MINUTE, max_after = 5)] | evaluation panicked: `min_after` must be at most as long as `max_after`
async fn f10() -> std::io::Result<()> {
    Ok(())
}

#[hedge(after = "p95", min_after = 1, max_after = NO_TIME)]
//~ #[hedge(after = "p95", min_after = 1, max_after = NO_TIME)] | evaluation panicked: `max_after` must be longer than zero, and at most 584 years
async fn f11() -> std::io::Result<()> {
    Ok(())
}

#[bulkhead(name = NAME_OF_KEY, max = 1)]
//~ #[bulkhead(name = NAME_OF_KEY, max = 1)] | evaluation panicked: `name` must be a text that is not blank, and does not end like `name[key]`
async fn f12() -> std::io::Result<()> {
    Ok(())
}

#[rate_limit(name = NAME_OF_KEY, per_second = 1, key = 7)]
//~ #[rate_limit(name = NAME_OF_KEY, per_second = 1, key = 7)] | evaluation panicked: `name` must be a text that is not blank, without `[`
async fn f13() -> std::io::Result<()> {
    Ok(())
}

fn main() {}
