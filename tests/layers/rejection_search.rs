//! Tests `Rejection`, and `Rejection::find`, which searches an error for a rejection.

use std::error::Error as StdError;
use std::future::pending;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use resilience_runtime::{
    Bulkhead, BulkheadFullError, CircuitBreaker, CircuitOpenError, RateLimit, RateLimitedError, Rejection,
    RejectionKind, TimeoutError, deadline, timeout,
};

const SECOND: Duration = Duration::from_secs(1);

/// A name that needs an allocation, because it is too long for the inline storage of 22 bytes.
const LONG: &str = "rejection_search::a name of more than 22 bytes";

#[timeout(1)]
async fn late() -> Result<(), TimeoutError> {
    pending().await
}

/// Returns rejections by a circuit, a bulkhead and a rate limit, and then three rejections by a timeout. Of the three
/// calls with a timeout, one ended at the timeout, and one at the caller's deadline. The last call did not start,
/// because the deadline had passed.
async fn rejections() -> [Rejection; 6] {
    let breaker = CircuitBreaker::builder(LONG).build().unwrap();
    breaker.trip();
    let bulkhead = Bulkhead::builder(LONG, 1).build().unwrap();
    let _slot = bulkhead.try_acquire().unwrap();
    let limit = RateLimit::builder("per second", 1).burst(1).build().unwrap();
    limit.try_acquire().unwrap();
    [
        breaker.try_acquire().unwrap_err().into(),
        bulkhead.try_acquire().unwrap_err().into(),
        limit.try_acquire().unwrap_err().into(),
        late().await.unwrap_err().into(),
        deadline(SECOND / 2, late()).await.unwrap_err().into(),
        deadline(Duration::ZERO, late()).await.unwrap_err().into(),
    ]
}

#[tokio::test(start_paused = true)]
async fn methods_answer_for_each_layer() {
    let answers = rejections().await.map(|rejection| {
        let name = rejection.name().map(ToOwned::to_owned);
        (rejection.kind(), name, rejection.was_called(), rejection.retry_after())
    });
    let expected = [
        (RejectionKind::Circuit, Some(LONG), false, Some(30 * SECOND)),
        (RejectionKind::Bulkhead, Some(LONG), false, None),
        (RejectionKind::RateLimit, Some("per second"), false, Some(SECOND)),
        (RejectionKind::Timeout, None, true, None),
        (RejectionKind::Timeout, None, true, None),
        (RejectionKind::Timeout, None, false, None),
    ];
    assert_eq!(answers, expected.map(|(kind, name, called, wait)| (kind, name.map(ToOwned::to_owned), called, wait)));
}

/// Converts the error inside the rejection, such as a `CircuitOpenError`, to the type `E`.
fn convert<E>(rejection: &Rejection) -> E
where
    E: From<CircuitOpenError> + From<BulkheadFullError> + From<RateLimitedError> + From<TimeoutError>,
{
    match rejection.clone() {
        Rejection::Circuit(open) => open.into(),
        Rejection::Bulkhead(full) => full.into(),
        Rejection::RateLimit(limited) => limited.into(),
        Rejection::Timeout(late) => late.into(),
        _ => unreachable!("no other kind of layer rejects"),
    }
}

#[tokio::test(start_paused = true)]
async fn text_source_and_kind_come_from_layer() {
    let sources = rejections().await.map(|rejection| {
        let error: Box<dyn StdError + Send + Sync> = convert(&rejection);
        assert_eq!(rejection.to_string(), error.to_string());
        let kinds = [convert(&rejection), io::Error::from(rejection.clone())].map(|error: io::Error| error.kind());
        assert_eq!(kinds[0], kinds[1]);
        rejection.source().unwrap().to_string()
    });
    let not_made = "the call was not made";
    let timeouts = [
        "the call took too long",
        "the caller's deadline ended the call",
        "the call was not made: the caller's deadline had passed",
    ];
    assert_eq!(sources.each_ref().map(String::as_str), [&[not_made; 3][..], &timeouts].concat()[..]);
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
enum Transparent {
    Rejected(#[from] Rejection),
    Boxed(Box<dyn StdError + Send + Sync>),
    Io(#[from] io::Error),
}

#[derive(Debug, thiserror::Error)]
#[error("search failed")]
struct Wrapped<E: StdError + 'static>(#[source] E);

#[derive(Debug, thiserror::Error)]
#[error("search failed")]
struct WrappedBox(#[source] Box<dyn StdError + Send + Sync>);

type SendBoxed = Box<dyn StdError + Send + Sync>;

#[tokio::test(start_paused = true)]
async fn find_rebuilds_rejection_from_every_error() {
    for rejection in rejections().await {
        let io = || convert::<io::Error>(&rejection);
        let boxed = || convert::<SendBoxed>(&rejection);
        let errors: Vec<SendBoxed> = vec![
            rejection.clone().into(),
            boxed(),
            io().into(),
            io::Error::other(io()).into(),
            io::Error::other(boxed()).into(),
            io::Error::other(Transparent::from(rejection.clone())).into(),
            Transparent::from(rejection.clone()).into(),
            Transparent::Boxed(boxed()).into(),
            Transparent::from(io()).into(),
            Wrapped(rejection.clone()).into(),
            Wrapped(Wrapped(Transparent::Boxed(io().into()))).into(),
            Wrapped(Box::new(rejection.clone())).into(),
            Wrapped(Arc::new(io())).into(),
            WrappedBox(boxed()).into(),
            WrappedBox(anyhow::Error::from(rejection.clone()).context("inside").into()).into(),
        ];
        for (index, error) in errors.iter().enumerate() {
            assert_eq!(Rejection::find(&**error).as_ref(), Some(&rejection), "{index}: {error:?}");
        }
        let local: Box<dyn StdError> = convert(&rejection);
        assert_eq!(Rejection::find(&*local), Some(rejection.clone()));
        for error in [
            anyhow::Error::from(rejection.clone()),
            convert(&rejection),
            anyhow::Error::from(io()).context("outside"),
            anyhow::Error::from(Transparent::from(rejection.clone())).context("inside").context("outside"),
        ] {
            assert_eq!(Rejection::find(error.as_ref()), Some(rejection.clone()), "{error:?}");
        }
    }
}

#[test]
fn find_finds_nothing_in_other_errors() {
    let errors: [SendBoxed; 4] = [
        "down".into(),
        io::Error::from(io::ErrorKind::TimedOut).into(),
        Wrapped(io::Error::other("down")).into(),
        anyhow::anyhow!("down").context("outside").into(),
    ];
    assert!(errors.iter().all(|error| Rejection::find(&**error).is_none()));
}

#[derive(Debug, thiserror::Error)]
#[error("round and round")]
struct Nested(#[source] Box<dyn StdError>);

#[tokio::test(start_paused = true)]
async fn find_visits_at_most_64_errors() {
    let [rejection, ..] = rejections().await;
    // The closure returns a chain of `levels` errors that ends with the rejection. With 63 levels, the rejection is the
    // 64th error, which is the last error that `find` visits.
    let nested = |levels: u32| {
        let innermost: Box<dyn StdError> = rejection.clone().into();
        (0..levels).fold(innermost, |error, _| Box::new(Nested(error)))
    };
    assert_eq!(Rejection::find(&*nested(63)).as_ref(), Some(&rejection));
    assert_eq!(Rejection::find(&*nested(64)), None);
}
