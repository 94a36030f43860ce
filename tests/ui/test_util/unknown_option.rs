#[resilience_runtime::test(flavor = "multi_thread", worker_threads = 2)]
//~ flavor | unknown option `flavor`; did you mean `testing::isolated(async { .. })` in a `#[tokio::test]`, for a runtime with several threads? the options are `start_paused`, `seed`, `crate`
//~ worker_threads | unknown option `worker_threads`; did you mean `testing::isolated(async { .. })` in a `#[tokio::test]`, for a runtime with several threads? the options are `start_paused`, `seed`, `crate`
async fn with_threads() {}

#[resilience_runtime::test(paused = true)]
//~ paused | unknown option `paused`; did you mean `start_paused`? the options are `start_paused`, `seed`, `crate`
async fn paused() {}

#[resilience_runtime::test(jitter_seed = 7)]
//~ jitter_seed | unknown option `jitter_seed`; did you mean `seed`? the options are `start_paused`, `seed`, `crate`
async fn jitter_seed() {}

#[resilience_runtime::test(start_pause = true)]
//~ start_pause | unknown option `start_pause`; did you mean `start_paused`? the options are `start_paused`, `seed`, `crate`
async fn misspelt() {}

#[resilience_runtime::test(threshold = 5)]
//~ threshold | unknown option `threshold`; the options are `start_paused`, `seed`, `crate`
async fn of_another_attribute() {}

#[resilience_runtime::test("multi_thread")]
//~ "multi_thread" | expected `option = value`; the options are `start_paused`, `seed`, `crate`
async fn only_a_value() {}

fn main() {}
