#[resilience_runtime::test(flavour = "multi_thread")]
//~ flavour | unknown option `flavour`; did you mean `testing::isolated(async { .. })` in a `#[tokio::test]`, for a runtime with several threads? the options are `start_paused`, `seed`, `crate`
fn several_mistakes<T>(_: T) {}
//~ T | a test is not generic: remove the parameter
//~ _ | a test takes no arguments: bind them in its body
//~ fn | a test on a paused clock is async: write `async fn`

fn main() {}
