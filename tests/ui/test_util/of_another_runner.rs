#[resilience_runtime::test]
#[tokio::test]
//~ tokio | `#[resilience_runtime::test]` runs the test itself: remove this attribute
async fn with_tokio() {}

#[resilience_runtime::test]
#[test]
//~ test | `#[resilience_runtime::test]` runs the test itself: remove this attribute
async fn with_test() {}

#[resilience_runtime::test]
#[resilience_runtime::test]
//~ resilience_runtime | `#[resilience_runtime::test]` runs the test itself: remove this attribute
async fn twice() {}

#[tokio::test]
//~ #[tokio::test] | `#[resilience_runtime::test]` runs the test itself: remove this attribute
#[resilience_runtime::test]
async fn below_tokio() {}

fn main() {}
