//! Defines [`CallError`], the error of a call through a layer that the user created without an attribute.

use thiserror::Error;

use crate::rejection::Rejection;

/// Reports a rejected or failed call through a [`CircuitBreaker`](crate::CircuitBreaker), a
/// [`Bulkhead`](crate::Bulkhead), a [`RateLimit`](crate::RateLimit) or a [`Timeout`](crate::Timeout). Methods such as
/// [`CircuitBreaker::call`](crate::CircuitBreaker::call) return this error. A `CallError` contains either a rejection,
/// or the error of the called function.
///
/// A `CallError` has the message and the source of the error that it contains.
///
/// # One error type
///
/// To return the error type of the called function, convert the `CallError` with [`into_error`](Self::into_error):
///
/// ```
/// use std::io;
/// use resilience_runtime::{Bulkhead, CallError};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bulkhead = Bulkhead::builder("call_error_example", 1).build()?;
/// let _slot = bulkhead.try_acquire()?;
/// let ask = || async { Ok::<_, io::Error>(42) };
/// let answer: io::Result<u32> = bulkhead.call(ask).await.map_err(CallError::into_error);
/// assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::ResourceBusy);
/// # Ok(())
/// # }
/// ```
///
/// # Nested calls
///
/// If a call through one layer contains a call through another layer, the error is a `CallError<CallError<E>>`. The
/// method [`flatten`](CallError::flatten) converts this error to a `CallError<E>`:
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use resilience_runtime::{Bulkhead, CallError, CircuitBreaker, Timeout};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bulkhead = Bulkhead::builder("nested_example", 10).build()?;
/// let timeout = Timeout::new(Duration::from_secs(5))?;
/// let breaker = CircuitBreaker::builder("nested_example").build()?;
/// let ask = || async { Err::<u32, _>(io::Error::other("no answer")) };
///
/// let answer = bulkhead.call(|| timeout.call(|| breaker.call(ask))).await;
/// let error: CallError<io::Error> = answer.unwrap_err().flatten().flatten();
/// assert!(matches!(error, CallError::Failed(error) if error.to_string() == "no answer"));
///
/// breaker.force_open();
/// let answer = bulkhead.call(|| timeout.call(|| breaker.call(ask))).await;
/// let Err(CallError::Rejected(rejection)) = answer.map_err(|error| error.flatten().flatten()) else { panic!() };
/// assert_eq!(rejection.name(), Some("nested_example"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(transparent)]
pub enum CallError<E> {
    /// A circuit, bulkhead or rate limit rejected the call, or a timeout ended the call.
    Rejected(Rejection),
    /// The called function, or its future, returned this error.
    Failed(E),
}

impl<E> CallError<E> {
    /// Converts this error to the error type `E` of the called function. Converts a rejection with `From<Rejection>`,
    /// and returns the error of the called function unchanged.
    pub fn into_error(self) -> E
    where
        E: From<Rejection>,
    {
        match self {
            Self::Rejected(rejection) => rejection.into(),
            Self::Failed(error) => error,
        }
    }
}

impl<E> CallError<CallError<E>> {
    /// Converts the error of a nested call, such as `bulkhead.call(|| breaker.call(ask))`, to the error of a single
    /// call. The result contains a rejection by the bulkhead or the breaker, or the error of `ask`.
    pub fn flatten(self) -> CallError<E> {
        match self {
            Self::Rejected(rejection) => CallError::Rejected(rejection),
            Self::Failed(error) => error,
        }
    }
}

/// Converts a [`Rejection`], or an error that converts to a `Rejection`, to [`CallError::Rejected`].
impl<E, R: Into<Rejection>> From<R> for CallError<E> {
    fn from(rejection: R) -> Self {
        Self::Rejected(rejection.into())
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;
    use crate::base::name::Name;
    use crate::base::not_made::{ByCircuit, NotMade};

    #[derive(Debug, Error)]
    #[error("{0}")]
    struct Borrowed<'a>(&'a str, #[source] NotMade<ByCircuit>);

    #[test]
    fn call_error_shows_text_and_source_of_borrowed_error() {
        let text = String::from("down");
        let error = CallError::Failed(Borrowed(&text, NotMade::new(Name::Static("name"), 0)));
        assert_eq!(error.to_string(), "down");
        assert!(error.source().is_some_and(<dyn Error>::is::<NotMade<ByCircuit>>));
    }

    #[test]
    fn call_error_has_the_size_of_a_rejection() {
        assert_eq!(size_of::<CallError<std::io::Error>>(), size_of::<Rejection>());
    }
}
