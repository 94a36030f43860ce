#[resilience_runtime::test]
async fn generic<T>() {}
//~ T | a test is not generic: remove the parameter

#[resilience_runtime::test]
async fn with_a_lifetime<'a>() {}
//~ 'a | a test is not generic: remove the parameter

#[resilience_runtime::test]
async fn with_a_number<const N: usize>() {}
//~ const | a test is not generic: remove the parameter

fn main() {}
