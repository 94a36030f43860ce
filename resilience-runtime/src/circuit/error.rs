//! The errors of a circuit.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

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
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CircuitOpenError {
    name: Name,
    wait_nanos: u64,
}

impl CircuitOpenError {
    #[inline]
    pub(crate) fn new(name: Name, wait_nanos: u64) -> Self {
        Self { name, wait_nanos }
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

impl fmt::Display for CircuitOpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Circuit '{}' is open. Retry in {}s", self.name, whole_seconds(self.cooldown_remaining()))
    }
}

/// The source says that the call was not made; by it a retry knows a rejection within any other error.
impl Error for CircuitOpenError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&NotCalled)
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
#[derive(Debug)]
pub(crate) struct NotCalled;

impl fmt::Display for NotCalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the call was not made")
    }
}

impl Error for NotCalled {}

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError<E> {
    /// The call was rejected.
    Open(CircuitOpenError),
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

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(open) => open.fmt(f),
            Self::Failed(error) => error.fmt(f),
        }
    }
}

/// Transparent: the source is that of the error inside.
impl<E: Error> Error for CallError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Open(open) => open.source(),
            Self::Failed(error) => error.source(),
        }
    }
}

impl<E> From<CircuitOpenError> for CallError<E> {
    fn from(open: CircuitOpenError) -> Self {
        Self::Open(open)
    }
}
