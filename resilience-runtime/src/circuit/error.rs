//! The errors of a circuit.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::base::name::Name;

/// The rejection of a call by an open circuit, or by a half-open one whose trials are all taken.
///
/// Making or cloning one does not allocate.
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

    /// The name of the circuit, not escaped.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// How long to wait before a call may pass, the rest of the cooldown, or of the time that the trials under way
    /// have. It is zero only where the cooldown is, and the circuit was opened by hand.
    pub fn cooldown_remaining(&self) -> Duration {
        Duration::from_nanos(self.wait_nanos)
    }
}

/// Of the kind [`Other`](io::ErrorKind::Other), with the rejection as its source, so that functions that return
/// `io::Result` can be decorated as they are.
impl From<CircuitOpenError> for io::Error {
    fn from(open: CircuitOpenError) -> Self {
        Self::other(open)
    }
}

/// The source of a [`CircuitOpenError`], by which it is known.
///
/// The rejection itself may be out of sight: an error that is transparent, as `#[error(transparent)]` makes one, or an
/// `io::Error` shows the source of the error inside, and not that error. And where an error is known by its source, it
/// need not be `'static`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Error)]
#[error("the call was not made")]
pub(crate) struct NotCalled;

/// Whole seconds, rounded up: whoever waits that long is let through.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

/// What [`CircuitBreaker::call`](crate::CircuitBreaker::call) returns when it does not return a value.
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
    /// The call was made and failed with this error.
    Failed(E),
}

impl<E> CallError<E> {
    /// The error of the call, or the rejection as one.
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
