//! Tests a retry whose body calls another function with a circuit. If this circuit rejects the call, the retry must
//! end.

use std::cell::Cell;
use std::error::Error;
use std::fmt::{self, Debug};
use std::io;

use resilience_runtime::{
    CallError, CircuitBreaker, CircuitOpenError, RateLimit, Rejection, RetryPolicy, rate_limit, retry,
};
use support::Error as Transparent;
use tokio::task::yield_now;

fn open() -> CircuitOpenError {
    let breaker = CircuitBreaker::builder("foreign_rejections").build().unwrap();
    breaker.force_open();
    breaker.try_acquire().unwrap_err()
}

#[derive(Debug, thiserror::Error)]
#[error("search failed")]
struct Wrapped(#[source] Box<dyn Error + Send + Sync>);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Borrowed<'a>(&'a str, #[source] Option<CircuitOpenError>);

struct Opaque;

/// For each error type, defines a function with `#[retry]`. The function must make three attempts after ordinary
/// errors. After a rejection by a circuit, the function must make only one attempt.
macro_rules! functions {
    ($($name:ident: $error:ty;)*) => {
        $(
            #[retry(max = 3, delay = 0)]
            async fn $name(calls: &Cell<u32>, make: impl Fn() -> $error) -> Result<(), $error> {
                calls.set(calls.get() + 1);
                Err(make())
            }
        )*
    };
}

functions! {
    itself: CircuitOpenError;
    transparent: Transparent;
    wrapped: Wrapped;
    call_error: CallError<Transparent>;
    nested_call_error: CallError<CallError<Transparent>>;
    rejection: Rejection;
    an_io_error: io::Error;
    boxed: Box<dyn Error>;
    boxed_send: Box<dyn Error + Send + Sync>;
    anyhow: anyhow::Error;
    opaque: Opaque;
    text: String;
}

#[retry(max = 3, delay = 0)]
async fn borrowed<'a>(calls: &Cell<u32>, text: &'a str, open: Option<CircuitOpenError>) -> Result<(), Borrowed<'a>> {
    calls.set(calls.get() + 1);
    Err(Borrowed(text, open.clone()))
}

#[retry(max = 3, delay = 0)]
async fn lent<'a>(calls: &Cell<u32>, make: impl Fn() -> Borrowed<'a>) -> Result<(), Box<dyn Error + 'a>> {
    calls.set(calls.get() + 1);
    Err(make().into())
}

#[retry(max = 3, delay = 0)]
async fn sent<'a>(calls: &Cell<u32>, make: impl Fn() -> Borrowed<'a>) -> Result<(), Box<dyn Error + Send + Sync + 'a>> {
    calls.set(calls.get() + 1);
    Err(make().into())
}

#[retry(max = 3, delay = 0)]
async fn generic<E: Error>(calls: &Cell<u32>, make: impl Fn() -> E) -> Result<(), E> {
    calls.set(calls.get() + 1);
    Err(make())
}

#[retry(max = 3, delay = 0)]
async fn unbounded<E>(calls: &Cell<u32>, make: impl Fn() -> E) -> Result<(), E> {
    calls.set(calls.get() + 1);
    Err(make())
}

macro_rules! attempts {
    ($($name:ident($make:expr)),* $(,)?) => {{
        let calls = Cell::new(0);
        [$({
            let _ = $name(&calls, || $make).await;
            (stringify!($name), calls.take())
        }),*]
    }};
}

#[track_caller]
fn each(functions: &[(&str, u32)], attempts: u32) {
    for (name, made) in functions {
        assert_eq!(*made, attempts, "{name}");
    }
}

#[tokio::test]
async fn rejection_by_foreign_circuit_ends_retry() {
    let functions = attempts![
        itself(open()),
        transparent(open().into()),
        wrapped(Wrapped(open().into())),
        wrapped(Wrapped(Transparent::from(open()).into())),
        call_error(CallError::Rejected(open().into())),
        call_error(CallError::Failed(open().into())),
        nested_call_error(open().into()),
        nested_call_error(CallError::Failed(open().into())),
        rejection(open().into()),
        an_io_error(open().into()),
        an_io_error(io::Error::other(Transparent::from(open()))),
        boxed(open().into()),
        boxed(Transparent::from(open()).into()),
        boxed_send(open().into()),
        boxed_send(io::Error::from(open()).into()),
        anyhow(open().into()),
        anyhow(anyhow::Error::from(Transparent::from(open())).context("while searching")),
        generic(Transparent::from(open())),
        // The error types of `text` and `unbounded` hide the rejection. The retry still notices the rejection, because
        // the circuit has set a thread-local variable.
        text(open().to_string()),
        unbounded(open()),
    ];
    each(&functions, 1);
    let text = String::from("a text");
    each(&attempts![lent(Borrowed(&text, Some(open()))), sent(Borrowed(&text, Some(open())))], 1);
    let calls = Cell::new(0);
    let _ = borrowed(&calls, "a text", Some(open())).await;
    assert_eq!(calls.get(), 1);
}

/// For each error type, defines a function that creates a rejection in one poll, and returns it in the next poll. The
/// retry must then search the sources of the error for the rejection.
macro_rules! functions_that_wait {
    ($($name:ident: $error:ty;)*) => {
        $(
            #[retry(max = 3, delay = 0)]
            async fn $name(calls: &Cell<u32>) -> Result<(), $error> {
                calls.set(calls.get() + 1);
                let error = Transparent::from(open());
                yield_now().await;
                Err(error.into())
            }
        )*
    };
}

functions_that_wait! {
    later: Transparent;
    later_boxed: Box<dyn Error>;
    later_boxed_send: Box<dyn Error + Send + Sync>;
    later_anyhow: anyhow::Error;
}

#[tokio::test]
async fn rejection_of_earlier_poll_ends_retry() {
    let calls = Cell::new(0);
    later(&calls).await.unwrap_err();
    later_boxed(&calls).await.unwrap_err();
    later_boxed_send(&calls).await.unwrap_err();
    later_anyhow(&calls).await.unwrap_err();
    assert_eq!(calls.get(), 4);
}

#[tokio::test]
async fn ordinary_error_does_not_end_retry() {
    let functions = attempts![
        transparent(Transparent::Down),
        wrapped(Wrapped("down".into())),
        call_error(CallError::Failed(Transparent::Down)),
        an_io_error(io::ErrorKind::TimedOut.into()),
        boxed("down".into()),
        boxed_send("down".into()),
        anyhow(anyhow::anyhow!("down")),
        generic(Transparent::Down),
        text("down".to_owned()),
        opaque(Opaque),
        unbounded("down"),
    ];
    each(&functions, 3);
    let text = String::from("a text");
    each(&attempts![lent(Borrowed(&text, None)), sent(Borrowed(&text, None))], 3);
    let calls = Cell::new(0);
    let _ = borrowed(&calls, "a text", None).await;
    assert_eq!(calls.get(), 3);
}

#[tokio::test]
async fn endless_source_chain_does_not_hang() {
    #[derive(Debug)]
    struct Ring;
    impl fmt::Display for Ring {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("round and round")
        }
    }
    impl Error for Ring {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&Ring)
        }
    }
    each(&attempts![generic(Ring)], 3);
}

#[tokio::test]
async fn policy_without_rules_ends_at_rejection() {
    let calls = Cell::new(0);
    let policy = RetryPolicy::builder().delay(std::time::Duration::ZERO).build().unwrap();
    let call = policy.call(async || {
        calls.set(calls.get() + 1);
        Err::<(), _>(open())
    });
    call.await.unwrap_err();
    assert_eq!(calls.get(), 1);
}

#[retry(max = 2, delay = 1)]
#[rate_limit(with = rate)]
async fn limited(rate: &RateLimit) -> Result<(), Transparent> {
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn circuit_of_another_call_ends_no_retry() {
    let breaker = CircuitBreaker::builder("foreign_rejections").threshold(1).build().unwrap();
    let rate = RateLimit::builder("foreign_rejections", 1).burst(1).build().unwrap();
    rate.try_acquire().unwrap();
    breaker.call(async || Err::<(), _>(())).await.unwrap_err();
    // The rate limit rejects the first attempt of `limited`, so a second attempt must follow. The open circuit must not
    // end the retry, because `limited` does not use this circuit.
    assert_eq!(limited(&rate).await, Ok(()));
}

#[test]
fn call_error_displays_its_inner_error() {
    let errors: [CallError<Transparent>; 2] = [open().into(), CallError::Failed(Transparent::Down)];
    assert_eq!(errors.map(|error| error.to_string()), [open().to_string(), Transparent::Down.to_string()]);
}
