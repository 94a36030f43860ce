#[resilience_runtime::test]
fn not_async() {}
//~ fn | a test on a paused clock is async: write `async fn`

fn main() {}
