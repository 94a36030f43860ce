//! Tests `Classifier`. With a classifier, `CircuitBreaker::call_with` and `Permit::settle` judge an outcome as
//! `#[circuit]` does.

use std::error::Error as StdError;
use std::future::pending;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, CallError, CircuitBreaker, CircuitStats, Classifier, ClassifierBuilder, Rejection, circuit, deadline,
    get_circuit,
};
use support::{Error, paused_runtime, seconds};
use tokio::time::{advance, sleep};

fn breaker() -> CircuitBreaker {
    CircuitBreaker::builder("classifier").threshold(1).cooldown(seconds(5)).build().unwrap()
}

/// Returns the counts of failures, of successes and of ignored calls, and the remaining cooldown in seconds.
fn counts(stats: &CircuitStats) -> (u64, u64, u64, u64) {
    (stats.total_failed, stats.total_succeeded, stats.total_ignored, stats.cooldown_remaining.as_secs())
}

fn is_failure(error: &Error) -> bool {
    *error != Error::Status(404)
}

fn hint_of_error(error: &Error) -> Option<Duration> {
    match error {
        Error::Busy(time) => Some(*time),
        _ => None,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "`failure_if_ok` passes a reference")]
fn is_failure_ok(status: &u16) -> bool {
    *status >= 429
}

#[expect(clippy::trivially_copy_pass_by_ref, clippy::unnecessary_wraps, reason = "the type of `retry_after_ok`")]
fn hint_of_ok(status: &u16) -> Option<Duration> {
    Some(seconds(u64::from(*status)))
}

#[circuit(
    name = "classifier::attribute",
    threshold = 1,
    cooldown = 5,
    failure_if = is_failure,
    failure_if_ok = is_failure_ok,
    retry_after = hint_of_error,
    retry_after_ok = hint_of_ok,
)]
async fn decorated(outcome: Result<u16, Error>) -> Result<u16, Error> {
    outcome
}

#[tokio::test(start_paused = true)]
async fn each_way_to_call_counts_as_the_attribute() {
    let classifier = Classifier::builder()
        .failure_if(is_failure)
        .failure_if_ok(is_failure_ok)
        .retry_after(hint_of_error)
        .retry_after_ok(hint_of_ok)
        .build()
        .unwrap();
    let outcomes: [fn() -> Result<u16, Error>; 6] = [
        || Ok(200),
        || Ok(429),
        || Err(Error::Down),
        || Err(Error::Status(404)),
        || Err(Error::Busy(seconds(60))),
        || Err(Error::Busy(seconds(1))),
    ];
    let expected = [(0, 1, 0, 0), (1, 0, 0, 429), (1, 0, 0, 5), (0, 0, 1, 0), (1, 0, 0, 60), (1, 0, 0, 5)];
    for (outcome, expected) in outcomes.into_iter().zip(expected) {
        let attribute = get_circuit("classifier::attribute").unwrap();
        let before = attribute.stats();
        assert_eq!(decorated(outcome()).await, outcome());
        let after = attribute.stats();
        attribute.reset();
        let added = (
            after.total_failed - before.total_failed,
            after.total_succeeded - before.total_succeeded,
            after.total_ignored - before.total_ignored,
            after.cooldown_remaining.as_secs(),
        );
        assert_eq!(added, expected, "{:?}, the attribute", outcome());

        let [called, settled, settled_owned] = [breaker(), breaker(), breaker()];
        let result = called.call_with(&classifier, || async { outcome() }).await;
        assert_eq!(result.map_err(CallError::into_error), outcome());
        settled.try_acquire().unwrap().settle(&classifier, &outcome());
        settled_owned.try_acquire_owned().unwrap().settle(&classifier.clone(), &outcome());
        for breaker in [called, settled, settled_owned] {
            assert_eq!(counts(&breaker.stats()), expected, "{:?}", outcome());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn classifier_without_functions_accepts_every_outcome() {
    let (breaker, classifier) = (breaker(), Classifier::builder().build().unwrap());
    breaker.call_with(&classifier, || async { Ok::<_, &str>("text") }).await.unwrap();
    breaker.try_acquire().unwrap().settle(&classifier, &Ok::<u8, ()>(1));
    assert_eq!(counts(&breaker.stats()), (0, 2, 0, 0));
    let error = breaker.call_with(&classifier, || async { Err::<(), _>(7) }).await;
    assert_eq!(error, Err(CallError::Failed(7)));
    assert_eq!(counts(&breaker.stats()), (1, 2, 0, 5));
    let Err(CallError::Rejected(rejection)) = breaker.call_with(&classifier, pending::<Result<(), ()>>).await else {
        panic!("not rejected")
    };
    assert_eq!(rejection.name(), Some("classifier"));
}

fn rejected() -> Error {
    let bulkhead = Bulkhead::builder("classifier", 1).build().unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    bulkhead.try_acquire().unwrap_err().into()
}

#[tokio::test(start_paused = true)]
async fn rejection_in_the_error_is_ignored() {
    let search: ClassifierBuilder<Error> = Classifier::builder().as_error(|error: &Error| error);
    let classifier = search.build().unwrap();
    let breaker = breaker();
    // Creates the rejection before the last poll of the body. The library can then find the rejection only by a search
    // through the returned error.
    let call = || async {
        let error = rejected();
        sleep(seconds(1)).await;
        Err::<(), _>(error)
    };
    assert!(matches!(breaker.call_with(&classifier, call).await, Err(CallError::Failed(Error::Full(_)))));
    breaker.try_acquire().unwrap().settle(&classifier, &Err::<(), _>(rejected()));
    breaker.try_acquire_owned().unwrap().settle(&classifier, &Err::<(), _>(rejected()));
    assert_eq!(counts(&breaker.stats()), (0, 0, 3, 0));
    breaker.try_acquire().unwrap().settle(&classifier, &Err::<(), _>(Error::Down));
    assert_eq!(counts(&breaker.stats()), (1, 0, 3, 5));
}

#[tokio::test(start_paused = true)]
async fn boxed_error_is_searched() {
    type Boxed = Box<dyn StdError + Send + Sync>;
    let classifier = Classifier::builder().as_error(|error: &Boxed| &**error).build().unwrap();
    let breaker = breaker();
    breaker.try_acquire().unwrap().settle(&classifier, &Err::<(), _>(Boxed::from(rejected())));
    assert_eq!(counts(&breaker.stats()), (0, 0, 1, 0));
    breaker.try_acquire().unwrap().settle(&classifier, &Err::<(), _>(Boxed::from("down")));
    assert_eq!(counts(&breaker.stats()), (1, 0, 1, 5));
}

#[tokio::test(start_paused = true)]
async fn failure_if_decides_about_a_rejection() {
    let classifier = Classifier::builder().as_error(|error: &Error| error).failure_if(|_| true).build().unwrap();
    let breaker = breaker();
    breaker.try_acquire().unwrap().settle(&classifier, &Err::<(), _>(rejected()));
    assert_eq!(counts(&breaker.stats()), (1, 0, 0, 5));
}

#[tokio::test(start_paused = true)]
async fn only_call_with_observes_the_last_poll() {
    let (breaker, classifier) = (breaker(), Classifier::builder().build().unwrap());
    // The error is a text, so a search through the error does not find the rejection. `stored` keeps the rejection
    // alive after the last poll, so the library can notice the rejection without a search.
    let mut stored = None;
    let stored = &mut stored;
    let call = || async move {
        *stored = Some(rejected());
        Err::<(), _>("hidden")
    };
    breaker.call_with(&classifier, call).await.unwrap_err();
    assert_eq!(counts(&breaker.stats()), (0, 0, 1, 0));
    breaker.try_acquire().unwrap().settle(&classifier, &Err::<(), _>("hidden"));
    assert_eq!(counts(&breaker.stats()), (1, 0, 1, 5), "the note of an earlier call does not count");
}

#[tokio::test(start_paused = true)]
async fn deadline_is_neutral_before_hung_after() {
    let breaker = CircuitBreaker::builder("classifier").hung_after(seconds(10)).build().unwrap();
    let classifier = Classifier::builder().as_error(|error: &Rejection| error).build().unwrap();
    for (time, counted) in [(3, (0, 0, 1, 0)), (30, (1, 0, 1, 0))] {
        let limit = resilience_runtime::Timeout::new(seconds(60)).unwrap();
        let call = || async { limit.call(pending::<Result<(), Rejection>>).await.map_err(CallError::into_error) };
        deadline(seconds(time), breaker.call_with(&classifier, call)).await.unwrap_err();
        assert_eq!(counts(&breaker.stats()), counted, "{time} s");
    }
    let permit = breaker.try_acquire_owned().unwrap();
    let call = async {
        let limit = resilience_runtime::Timeout::new(seconds(60)).unwrap();
        limit.call(pending::<Result<(), Rejection>>).await.map_err(CallError::into_error)
    };
    let outcome = deadline(seconds(30), call).await;
    permit.settle(&classifier, &outcome);
    assert_eq!(breaker.stats().total_failed, 2);
    advance(seconds(1)).await;
}

#[test]
fn panic_of_a_function_cancels_the_call() {
    paused_runtime().block_on(async {
        let (breaker, classifier) =
            (breaker(), Classifier::builder().failure_if_ok(|_: &u16| panic!("in the classifier")).build().unwrap());
        let settle = || breaker.try_acquire().unwrap().settle(&classifier, &Ok::<_, ()>(1));
        catch_unwind(AssertUnwindSafe(settle)).unwrap_err();
        let call = tokio::spawn({
            let (breaker, classifier) = (breaker.clone(), classifier.clone());
            async move { breaker.call_with(&classifier, || async { Ok::<_, ()>(1) }).await }
        });
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!((breaker.stats().total_cancelled, breaker.stats().total_failed), (2, 0));
        let call = tokio::spawn({
            let (breaker, classifier) = (breaker.clone(), classifier.clone());
            async move { breaker.call_with(&classifier, || async { panic!("in the body") as Result<u16, ()> }).await }
        });
        assert!(call.await.unwrap_err().is_panic());
        assert_eq!(breaker.stats().total_failed, 1);
    });
}

#[test]
fn builder_refuses_delay_without_failure_if_ok() {
    let error = Classifier::builder().retry_after_ok(|_: &u16| None).build().unwrap_err();
    assert_eq!(error.option(), "retry_after_ok");
    let both = Classifier::builder().retry_after_ok(|_: &u16| None).failure_if_ok(is_failure_ok);
    assert_eq!(format!("{both:?}"), r#"ClassifierBuilder{"failure_if_ok", "retry_after_ok"}"#);
    let all = both.as_error(|error: &io::Error| error).retry_after(|_| None).failure_if(|_| true).build().unwrap();
    let options = r#"{"failure_if", "failure_if_ok", "retry_after", "retry_after_ok", "as_error"}"#;
    assert_eq!(format!("{all:?}"), format!("Classifier{options}"));
}
