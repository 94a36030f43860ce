#[resilience_runtime::test = true]
//~ #[resilience_runtime::test = true] | key-value macro attributes are not supported
async fn f() {}

fn main() {}
