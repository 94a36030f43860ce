#[resilience_runtime::test(start_paused = "yes")]
//~ "yes" | `start_paused` must be `true` or `false`
async fn text() {}

#[resilience_runtime::test(start_paused)]
//~ start_paused | expected a value: write `start_paused = ..`
async fn without_value() {}

#[resilience_runtime::test(seed)]
//~ seed | expected a value: write `seed = ..`
async fn without_seed() {}

#[resilience_runtime::test(seed = 1, seed = 2)]
//~ seed | duplicate option `seed`: write it once
async fn twice() {}

#[resilience_runtime::test(crate = "runtime")]
//~ "runtime" | `crate` must be a path, such as `::my_crate::resilience`
async fn path_as_text() {}

fn main() {}
