//! The errors of a circuit.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::base::name::Name;

/// The error of a call that a circuit rejected.
///
/// An open circuit rejects every call. A half-open circuit rejects a call if its trials are all taken.
///
/// Creating or cloning this error does not allocate.
///
/// ```
/// use resilience_runtime::CircuitBreaker;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("exa_api").threshold(1).build()?;
/// breaker.try_acquire()?.failure();
///
/// let open = breaker.try_acquire().unwrap_err();
/// assert_eq!(open.to_string(), "Circuit 'exa_api' is open. Retry in 30s");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("Circuit '{name}' is open. Retry in {}s", whole_seconds(self.cooldown_remaining()))]
pub struct CircuitOpenError {
    name: Name,
    wait_nanos: u64,
    source: NotCalled,
}

impl CircuitOpenError {
    #[inline]
    pub(crate) fn new(name: Name, wait_nanos: u64) -> Self {
        Self { name, wait_nanos, source: NotCalled }
    }

    /// Returns the name of the circuit, not escaped.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Returns the time until the circuit may admit a call.
    ///
    /// While open, this is the rest of the cooldown. While half-open, it is the rest of the `trial_timeout` of the running
    /// trials. It is zero only if the cooldown is zero and [`force_open`](crate::CircuitBreaker::force_open) opened the
    /// circuit.
    pub fn cooldown_remaining(&self) -> Duration {
        Duration::from_nanos(self.wait_nanos)
    }
}

/// Creates an error of the kind [`Other`](io::ErrorKind::Other), which contains the rejection.
///
/// A function that returns `io::Result` can therefore be decorated without a new error type.
impl From<CircuitOpenError> for io::Error {
    fn from(open: CircuitOpenError) -> Self {
        Self::other(open)
    }
}

/// The source of a [`CircuitOpenError`], which identifies a rejection inside another error.
///
/// A wrapper may hide the rejection itself: `io::Error` and errors with `#[error(transparent)]` return the source of the
/// inner error as their own. The check of a source also works for an error that is not `'static`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("the call was not made")]
pub(crate) struct NotCalled;

/// Returns whole seconds, rounded up, so that the cooldown has ended after this time.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

/// The error of [`CircuitBreaker::call`](crate::CircuitBreaker::call): a rejection, or the error of the call.
///
/// ```
/// use resilience_runtime::{CallError, CircuitBreaker};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("call_error_example").build()?;
/// let answer = breaker.call(|| async { Err::<(), _>(std::io::Error::other("no answer")) }).await;
/// let error: std::io::Error = answer.unwrap_err().into_error();
/// assert_eq!(error.to_string(), "no answer");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(transparent)]
pub enum CallError<E> {
    /// The call was rejected.
    Open(#[from] CircuitOpenError),
    /// The call ran, and failed with this error.
    Failed(E),
}

impl<E> CallError<E> {
    /// Returns the error of the call, or converts the rejection into this type.
    pub fn into_error(self) -> E
    where
        E: From<CircuitOpenError>,
    {
        match self {
            Self::Open(open) => open.into(),
            Self::Failed(error) => error,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    #[derive(Debug, Error)]
    #[error("{0}")]
    struct Borrowed<'a>(&'a str, #[source] NotCalled);

    #[test]
    fn call_error_shows_text_and_source_of_borrowed_error() {
        let text = String::from("down");
        let error = CallError::Failed(Borrowed(&text, NotCalled));
        assert_eq!(error.to_string(), "down");
        assert!(error.source().is_some_and(<dyn Error>::is::<NotCalled>));
    }

    #[test]
    fn errors_take_no_room_for_their_source() {
        assert_eq!(size_of::<CircuitOpenError>(), size_of::<(Name, u64)>());
    }
}
