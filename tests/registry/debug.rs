//! Tests the `Debug` and `Display` output of the public types.

use std::error::Error;
use std::io;
use std::time::Duration;

use resilience_runtime::{Bulkhead, CallError, CircuitBreaker, Jitter, RateLimit, Rejection, RetryPolicy, Timeout};

#[tokio::test]
async fn debug_output_names_type_and_instance() {
    let breaker = CircuitBreaker::builder("a \n breaker").build().unwrap();
    assert_eq!(format!("{breaker:?}"), r#"CircuitBreaker { name: "a \n breaker", state: Closed, .. }"#);
    let permit = breaker.try_acquire().unwrap();
    assert_eq!(format!("{permit:?}"), r#"Permit { circuit: "a \n breaker", .. }"#);
    permit.success();
    let owned = breaker.try_acquire_owned().unwrap();
    assert_eq!(format!("{owned:?}"), r#"OwnedPermit { circuit: "a \n breaker", .. }"#);
    owned.success();

    let bulkhead = Bulkhead::builder("a bulkhead", 2).build().unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    assert_eq!(bulkhead.name(), "a bulkhead");
    let shown = format!("{bulkhead:?}");
    assert!(shown.starts_with(r#"Bulkhead { name: "a bulkhead", stats: BulkheadStats { "#), "{shown}");

    let limit = RateLimit::builder("a limit", 5).build().unwrap();
    assert_eq!(limit.name(), "a limit");
    let shown = format!("{limit:?}");
    assert!(shown.starts_with(r#"RateLimit { name: "a limit", "#), "{shown}");

    let builder = RetryPolicy::builder().max(7).delay(Duration::from_millis(250));
    for shown in [format!("{builder:?}"), format!("{:?}", builder.build().unwrap())] {
        assert!(shown.contains("max: 7") && shown.contains("250ms"), "{shown}");
    }
}

#[test]
fn debug_output_of_policy_shows_set_options_only() {
    assert_eq!(format!("{:?}", RetryPolicy::default()), "RetryPolicy { max: 3, delay: 1s, .. }");
    let (long, longer) = (Duration::from_secs(9), Duration::from_secs(60));
    let all = RetryPolicy::builder().backoff(3.5).max_delay(long).jitter(Jitter::Full).seed(7).max_elapsed(longer);
    assert_eq!(
        format!("{:?}", all.count_nested(false)),
        "RetryBuilder { max: 3, delay: 1s, backoff: 3.5, max_delay: 9s, jitter: Full, max_elapsed: 60s, \
         count_nested: false, seed: 7, .. }"
    );
}

#[tokio::test(start_paused = true)]
async fn rejection_shows_remaining_cooldown_and_its_source() {
    let breaker = CircuitBreaker::builder("down").threshold(1).build().unwrap();
    breaker.try_acquire().unwrap().failure();
    let rejected = breaker.try_acquire().unwrap_err();
    assert_eq!(rejected.to_string(), "Circuit 'down' is open. Retry in 30s");
    assert_eq!(rejected.source().unwrap().to_string(), "the call was not made");
    assert!(rejected.source().unwrap().source().is_none());
}

#[tokio::test(start_paused = true)]
async fn io_error_contains_each_error_of_the_library() {
    fn inner<E: Error + Into<io::Error> + Clone + PartialEq + 'static>(error: &E) {
        let wrapped: io::Error = error.clone().into();
        assert_eq!(wrapped.get_ref().and_then(|inner| inner.downcast_ref()), Some(error));
        assert!(!wrapped.source().is_some_and(<dyn Error>::is::<E>), "`source` skips the contained error");
    }
    let breaker = CircuitBreaker::builder("wrapped").build().unwrap();
    breaker.force_open();
    inner(&breaker.try_acquire().unwrap_err());
    let bulkhead = Bulkhead::builder("wrapped", 1).build().unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    inner(&bulkhead.try_acquire().unwrap_err());
    let limit = RateLimit::builder("wrapped", 1).build().unwrap();
    limit.try_acquire().unwrap();
    inner(&limit.try_acquire().unwrap_err());
    let timeout = Timeout::new(Duration::from_secs(1)).unwrap();
    let late = timeout.call(std::future::pending::<Result<(), ()>>).await;
    let Err(CallError::Rejected(Rejection::Timeout(error))) = late else { panic!("not ended") };
    inner(&error);
}
