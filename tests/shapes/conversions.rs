//! Tests the conversion of a rejection to the error type of the function. The error type implements `From<Rejection>`,
//! a conversion such as `From<CircuitOpenError>`, or both.

use std::future::{pending, Future};
use std::io;
use std::pin::Pin;

use async_trait::async_trait;
use resilience_runtime::{
    bulkhead, circuit, get_circuit, rate_limit, retry, timeout, CircuitOpenError, Rejection, RejectionKind,
    TimeoutError,
};

#[derive(Debug, PartialEq)]
enum Error {
    Rejected(Rejection),
    Down,
}

impl From<Rejection> for Error {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl Error {
    fn kind(&self) -> Option<RejectionKind> {
        match self {
            Self::Rejected(rejection) => Some(rejection.kind()),
            Self::Down => None,
        }
    }
}

type Answer<T = ()> = Result<T, Error>;

#[circuit(name = "conversions::open", threshold = 1)]
async fn open() -> Answer {
    Err(Error::Down)
}

#[bulkhead(max = 1)]
async fn full() -> Answer {
    // The inner call finds no free slot, because the outer call occupies the only slot.
    Box::pin(full()).await
}

#[rate_limit(per_second = 1)]
async fn limited() -> Result<(), Error> {
    Ok(())
}

#[timeout(1)]
async fn late() -> Answer<u32> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn each_attribute_accepts_error_with_one_variant() {
    assert_eq!(open().await, Err(Error::Down));
    assert_eq!(open().await.unwrap_err().kind(), Some(RejectionKind::Circuit));
    assert_eq!(full().await.unwrap_err().kind(), Some(RejectionKind::Bulkhead));
    limited().await.unwrap();
    assert_eq!(limited().await.unwrap_err().kind(), Some(RejectionKind::RateLimit));
    assert_eq!(late().await.unwrap_err().kind(), Some(RejectionKind::Timeout));
}

#[derive(Debug, PartialEq)]
enum Both {
    Open(CircuitOpenError),
    Rejected(Rejection),
}

impl From<CircuitOpenError> for Both {
    fn from(open: CircuitOpenError) -> Self {
        Self::Open(open)
    }
}

impl From<Rejection> for Both {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

#[timeout(1)]
#[circuit(name = "conversions::both")]
async fn both() -> Result<(), Both> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn conversion_from_error_of_attribute_wins() {
    assert!(matches!(both().await, Err(Both::Rejected(Rejection::Timeout(_)))));
    get_circuit("conversions::both").unwrap().force_open();
    assert!(matches!(both().await, Err(Both::Open(_))));
}

#[timeout(1)]
#[circuit(name = "conversions::generic")]
async fn by_rejection<E: From<Rejection>>(error: Option<E>) -> Result<(), E> {
    error.map_or(Ok(()), Err)
}

#[circuit(name = "conversions::generic")]
async fn by_open<E: From<CircuitOpenError>>(error: Option<E>) -> Result<(), E> {
    error.map_or(Ok(()), Err)
}

#[timeout(1)]
#[circuit(name = "conversions::generic")]
async fn by_both<E>(error: Option<E>) -> Result<(), E>
where
    E: From<CircuitOpenError> + From<Rejection>,
{
    error.map_or(Ok(()), Err)
}

trait Client {
    type Error: From<Rejection>;
}

impl Client for () {
    type Error = Error;
}

#[circuit(name = "conversions::generic")]
async fn of_client<C: Client>(_: C) -> Result<(), C::Error> {
    Ok(())
}

#[tokio::test]
async fn bound_of_type_parameter_selects_conversion() {
    get_circuit("conversions::generic").unwrap().force_open();
    assert_eq!(by_rejection::<Error>(None).await.unwrap_err().kind(), Some(RejectionKind::Circuit));
    assert!(matches!(by_rejection::<Both>(None).await, Err(Both::Rejected(_))));
    assert!(matches!(by_open::<Both>(None).await, Err(Both::Open(_))));
    assert!(matches!(by_both::<Both>(None).await, Err(Both::Open(_))));
    assert_eq!(of_client(()).await.unwrap_err().kind(), Some(RejectionKind::Circuit));
}

#[derive(Debug, PartialEq)]
struct Lent<'a>(&'a str, Option<Rejection>);

impl From<Rejection> for Lent<'_> {
    fn from(rejection: Rejection) -> Self {
        Self("", Some(rejection))
    }
}

#[circuit(name = "conversions::shown")]
async fn lent<'a>(text: &'a str, _more: &str) -> Result<&'a str, Lent<'a>> {
    Err(Lent(text, None))
}

#[circuit(name = "conversions::shown")]
async fn opaque_value() -> Result<impl std::fmt::Debug, Error> {
    Ok("text")
}

#[circuit(name = "conversions::shown")]
async fn opaque_error() -> Result<(), impl std::fmt::Debug> {
    Ok::<(), Both>(())
}

#[circuit(name = "conversions::shown")]
fn future() -> impl Future<Output = Answer> {
    async move { Ok(()) }
}

#[circuit(name = "conversions::shown")]
fn boxed() -> Pin<Box<dyn Future<Output = Result<(), Error>> + Send>> {
    Box::pin(async move { Ok(()) })
}

#[async_trait]
trait Search {
    async fn search(&self) -> Answer;
}

#[async_trait]
impl Search for () {
    #[retry(max = 2, delay = 0)]
    #[circuit(name = "conversions::shown")]
    async fn search(&self) -> Answer {
        Ok(())
    }
}

#[circuit(name = "conversions::shown")]
async fn rejection_itself() -> Result<(), Rejection> {
    Ok(())
}

type Hidden = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The alias `Hidden` hides the error type from the attribute. The error type must therefore implement
/// `From<CircuitOpenError>`.
#[circuit(name = "conversions::shown")]
fn hidden() -> Hidden {
    Box::pin(async move { Ok(()) })
}

#[tokio::test]
async fn each_return_type_shows_the_error_type() {
    get_circuit("conversions::shown").unwrap().force_open();
    assert_eq!(lent("a", "b").await.unwrap_err().1.map(|rejection| rejection.kind()), Some(RejectionKind::Circuit));
    assert_eq!(opaque_value().await.map(drop).unwrap_err().kind(), Some(RejectionKind::Circuit));
    assert!(format!("{:?}", opaque_error().await.unwrap_err()).starts_with("Open"));
    assert_eq!(future().await.unwrap_err().kind(), Some(RejectionKind::Circuit));
    assert_eq!(boxed().await.unwrap_err().kind(), Some(RejectionKind::Circuit));
    assert_eq!(().search().await.unwrap_err().kind(), Some(RejectionKind::Circuit));
    assert_eq!(rejection_itself().await.unwrap_err().name(), Some("conversions::shown"));
    assert_eq!(hidden().await.unwrap_err().kind(), io::ErrorKind::Other);
}

#[timeout(1)]
#[bulkhead(max = 1)]
async fn an_io_error() -> io::Result<()> {
    Box::pin(an_io_error()).await
}

#[timeout(1)]
async fn a_late_error() -> Result<(), TimeoutError> {
    pending().await
}

#[tokio::test(start_paused = true)]
async fn errors_of_the_standard_library_keep_their_kinds() {
    assert_eq!(an_io_error().await.unwrap_err().kind(), io::ErrorKind::ResourceBusy);
    let late = a_late_error().await.unwrap_err();
    assert_eq!(io::Error::from(Rejection::from(late)).kind(), io::ErrorKind::TimedOut);
}
