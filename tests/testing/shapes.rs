//! Tests injected faults in functions of every kind. Each function must compile with the test kit, and accept the
//! faults that its error type allows.

use std::borrow::Cow;
use std::error::Error;
use std::future::Future;
use std::io;
use std::marker::PhantomData;
use std::pin::Pin;

use async_trait::async_trait;
use futures_util::stream::iter;
use futures_util::{Stream, StreamExt};
use resilience_runtime::{CircuitOpenError, Rejection, circuit, fallback, get_stats, testing, timeout};

use super::{SECOND, timed_out};

#[derive(Debug)]
struct Borrowed<'a>(#[allow(dead_code)] Cow<'a, str>);

impl From<Rejection> for Borrowed<'_> {
    fn from(rejection: Rejection) -> Self {
        Self(rejection.to_string().into())
    }
}

#[derive(Debug)]
struct Typed<T>(PhantomData<T>);

impl<T> From<CircuitOpenError> for Typed<T> {
    fn from(_: CircuitOpenError) -> Self {
        Self(PhantomData)
    }
}

type Answer<T> = Result<T, Box<dyn Error + Send + Sync>>;
type Opaque = Result<u32, io::Error>;
type OfParameter<T> = Result<u32, Typed<T>>;
type Hidden<'a> = Result<u32, Borrowed<'a>>;

#[circuit(name = "shapes_alias")]
async fn alias() -> Answer<u32> {
    Ok(7)
}

#[circuit(name = "shapes_opaque_alias")]
async fn opaque_alias() -> Opaque {
    Ok(7)
}

#[circuit(name = "shapes_plain")]
fn plain(text: &str) -> io::Result<&str> {
    Ok(text)
}

#[circuit(name = "shapes_lifetime")]
async fn lifetime<'a>(text: &'a str) -> Result<u32, Borrowed<'a>> {
    text.parse().map_err(|_| Borrowed(text.into()))
}

#[circuit(name = "shapes_elided")]
fn elided(text: &str) -> Result<u32, Borrowed<'_>> {
    text.parse().map_err(|_| Borrowed(text.into()))
}

#[circuit(name = "shapes_hidden")]
#[allow(elided_lifetimes_in_paths, mismatched_lifetime_syntaxes)]
fn hidden(text: &str) -> Result<u32, Borrowed> {
    text.parse().map_err(|_| Borrowed(text.into()))
}

#[circuit(name = "shapes_hidden_alias")]
#[allow(elided_lifetimes_in_paths, mismatched_lifetime_syntaxes)]
fn hidden_alias(text: &str) -> Hidden {
    text.parse().map_err(|_| Borrowed(text.into()))
}

#[circuit(name = "shapes_parameter")]
async fn parameter<E: From<CircuitOpenError>>(error: Option<E>) -> Result<u32, E> {
    error.map_or(Ok(7), Err)
}

#[circuit(name = "shapes_of_parameter")]
async fn of_parameter<T>(_: T) -> OfParameter<T> {
    Ok(7)
}

#[circuit(name = "shapes_opaque_error")]
async fn opaque_error() -> Result<u32, impl Error + From<CircuitOpenError>> {
    Ok::<u32, io::Error>(7)
}

#[circuit(name = "shapes_future")]
#[expect(clippy::manual_async_fn, reason = "a function of another kind")]
fn future(text: &str) -> impl Future<Output = io::Result<usize>> + '_ {
    async move { Ok(text.len()) }
}

#[circuit(name = "shapes_boxed")]
fn boxed<'a>(text: &'a str) -> Pin<Box<dyn Future<Output = io::Result<usize>> + Send + 'a>> {
    Box::pin(async move { Ok(text.len()) })
}

struct Client<E>(PhantomData<E>);

impl<E: From<CircuitOpenError> + Send + Sync> Client<E> {
    #[circuit(name = "shapes_client")]
    async fn ask(&self) -> Result<u32, E> {
        Ok(7)
    }
}

#[async_trait]
trait Ask {
    type Error: From<CircuitOpenError>;
    async fn ask(&self) -> Result<u32, Self::Error>;
}

struct Asker<'a>(&'a str);

#[async_trait]
impl<'a> Ask for Asker<'a> {
    type Error = Typed<&'a str>;

    #[circuit(name = "shapes_async_trait")]
    async fn ask(&self) -> Result<u32, Self::Error> {
        Ok(u32::try_from(self.0.len()).unwrap())
    }
}

#[resilience_runtime::test]
async fn function_with_known_error_takes_errors() {
    for name in ["shapes_opaque_alias", "shapes_plain", "shapes_future", "shapes_boxed"] {
        testing::fail_next(name, 1, timed_out);
    }
    testing::fail_next("shapes_alias", 1, || Box::<dyn Error + Send + Sync>::from("down"));
    assert_eq!(alias().await.unwrap_err().to_string(), "down");
    assert!(opaque_alias().await.is_err());
    assert!(plain("7").is_err());
    assert!(future("7").await.is_err());
    assert!(boxed("7").await.is_err());

    assert_eq!(alias().await.unwrap(), 7);
    assert_eq!(plain("7").unwrap(), "7");
    assert_eq!((future("7").await.unwrap(), boxed("7").await.unwrap()), (1, 1));
}

#[circuit(name = "shapes_stream", stream)]
async fn stream(items: u32) -> io::Result<impl Stream<Item = io::Result<u32>>> {
    Ok(iter(0..items).map(Ok))
}

#[resilience_runtime::test]
async fn function_of_a_stream_takes_faults_at_its_call() {
    testing::fail_next("shapes_stream", 1, timed_out);
    assert!(stream(3).await.is_err());
    let begin = tokio::time::Instant::now();
    let _slow = testing::latency("shapes_stream", SECOND);
    assert_eq!(stream(3).await.unwrap().count().await, 3);
    assert_eq!(begin.elapsed(), SECOND);
    let stats = &get_stats().circuits["shapes_stream"];
    assert_eq!((stats.total_failed, stats.total_succeeded), (1, 1));
}

async fn declares() -> io::Result<u32> {
    #[circuit(name = "shapes_inner")]
    async fn inner() -> io::Result<u32> {
        Ok(7)
    }
    inner().await
}

trait Default {
    #[allow(async_fn_in_trait)] // Only this module calls the method.
    #[circuit(name = "shapes_default")]
    async fn method(&self) -> io::Result<u32> {
        Ok(7)
    }
}

impl Default for () {}

#[resilience_runtime::test]
async fn function_in_another_item_takes_errors() {
    for name in ["shapes_inner", "testing::shapes::inner", "shapes_default", "testing::shapes::method"] {
        testing::fail_next(name, 1, timed_out);
    }
    assert!(declares().await.is_err() && declares().await.is_err() && declares().await.is_ok());
    assert!(().method().await.is_err() && ().method().await.is_err() && ().method().await.is_ok());
}

#[resilience_runtime::test]
async fn function_with_hidden_lifetime_takes_static_errors() {
    testing::fail_next("shapes_hidden", 1, || Borrowed::<'static>("down".into()));
    testing::fail_next("shapes_hidden_alias", 1, || Borrowed::<'static>("down".into()));
    let text = "7".to_owned();
    assert!(hidden(&text).is_err() && hidden_alias(&text).is_err());
    assert!(hidden(&text).is_ok() && hidden_alias(&text).is_ok());
}

#[resilience_runtime::test]
async fn every_function_takes_latency() {
    let names = [
        "shapes_lifetime",
        "shapes_parameter",
        "shapes_of_parameter",
        "shapes_opaque_error",
        "shapes_client",
        "shapes_async_trait",
    ];
    let _slow = names.map(|name| testing::latency(name, SECOND));
    let begin = tokio::time::Instant::now();
    assert_eq!(lifetime("7").await.unwrap(), 7);
    assert_eq!(parameter::<io::Error>(None).await.unwrap(), 7);
    assert_eq!(of_parameter("7").await.unwrap(), 7);
    assert_eq!(opaque_error().await.unwrap(), 7);
    assert_eq!(Client::<io::Error>(PhantomData).ask().await.unwrap(), 7);
    assert_eq!(Asker("1234567").ask().await.unwrap(), 7);
    assert_eq!(begin.elapsed(), 6 * SECOND);
}

/// Injects an error into a function that accepts no injected errors, and expects a panic.
macro_rules! refuses_errors {
    ($($test:ident: $name:literal, $call:expr;)*) => {
        $(
            #[resilience_runtime::test]
            #[should_panic(expected = "takes no injected errors")]
            async fn $test() {
                testing::fail_next($name, 1, timed_out);
                let _ = $call;
            }
        )*
    };
}
refuses_errors! {
    error_with_lifetime_is_not_injected: "shapes_lifetime", lifetime("7").await;
    error_with_elided_lifetime_is_not_injected: "shapes_elided", elided("7");
    error_that_is_a_parameter_is_not_injected: "shapes_parameter", parameter::<io::Error>(None).await;
    error_of_a_generic_impl_is_not_injected: "shapes_client", Client::<io::Error>(PhantomData).ask().await;
    error_of_self_is_not_injected: "shapes_async_trait", Asker("7").ask().await;
    opaque_error_is_not_injected: "shapes_opaque_error", opaque_error().await;
}

#[resilience_runtime::test]
#[should_panic(
    expected = "makes errors of the type `std::io::error::Error`, but `testing::shapes::alias` returns errors of \
                           the type `alloc::boxed::Box<dyn core::error::Error"
)]
async fn error_of_another_type_panics() {
    testing::fail_next("shapes_alias", 1, timed_out);
    let _ = alias().await;
}

async fn instead() -> io::Result<u32> {
    Ok(0)
}

#[fallback(instead)]
#[timeout(1)]
#[circuit(name = "shapes_stack", threshold = 2)]
async fn stack() -> io::Result<u32> {
    Ok(7)
}

#[resilience_runtime::test]
async fn hang_ends_with_the_timeout_above() {
    {
        let _hang = testing::hang("shapes_stack");
        assert_eq!(stack().await.unwrap(), 0);
    }
    assert_eq!(stack().await.unwrap(), 7);
}
