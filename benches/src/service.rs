//! Defines the service that all benchmarks call, and the loop that polls a call until the call ends.

use std::cell::Cell;
use std::fmt;
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use resilience_runtime::{BulkheadFullError, CallError, CircuitOpenError, RateLimitedError, Rejection, TimeoutError};

#[derive(Clone, Copy, Debug)]
pub struct Failed(pub u64);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no answer to {}", self.0)
    }
}

impl std::error::Error for Failed {}

/// The error of a decorated function: the error of the service, or the error of an attribute such as `#[circuit]`. The
/// conversions into this type only move or drop a value, so they hardly change the measured times.
#[derive(Debug)]
pub enum Error {
    Failed(Failed),
    Open(CircuitOpenError),
    Late,
    Full,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(failed) => failed.fmt(f),
            Self::Open(open) => open.fmt(f),
            Self::Late => f.write_str("late"),
            Self::Full => f.write_str("full"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Open(open) => open.source(),
            _ => None,
        }
    }
}

impl From<CircuitOpenError> for Error {
    fn from(open: CircuitOpenError) -> Self {
        Self::Open(open)
    }
}

impl From<TimeoutError> for Error {
    fn from(_: TimeoutError) -> Self {
        Self::Late
    }
}

impl From<BulkheadFullError> for Error {
    fn from(_: BulkheadFullError) -> Self {
        Self::Full
    }
}

impl From<RateLimitedError> for Error {
    fn from(_: RateLimitedError) -> Self {
        Self::Full
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        Self::Failed(failed)
    }
}

/// The smallest call number for which the service returns an error.
pub const FAILING: u64 = 1 << 63;

/// Makes a call to the service: returns `n`, or an error if `n` is at least [`FAILING`]. The compiler cannot predict
/// the outcome, because `n` passes through `black_box`.
#[inline]
pub async fn ask(n: u64) -> Result<u64, Failed> {
    let n = black_box(n);
    if n < FAILING { Ok(n) } else { Err(Failed(n)) }
}

/// Does the same as [`ask`], but is not `async`.
#[inline]
pub fn ask_plainly(n: u64) -> Result<u64, Failed> {
    let n = black_box(n);
    if n < FAILING { Ok(n) } else { Err(Failed(n)) }
}

/// Calls a service that fails `failures` more times. If `failures` is 0, returns a success. Otherwise, subtracts 1 from
/// `failures`, and returns an error.
#[inline]
pub async fn ask_again(failures: &Cell<u64>) -> Result<u64, Failed> {
    let left = black_box(failures.get());
    if left == 0 {
        Ok(left)
    } else {
        failures.set(left - 1);
        Err(Failed(left))
    }
}

/// Polls a future until it is ready. Most futures are ready at the first poll. A future that waits for a lock, as in
/// some libraries, needs more polls.
#[inline]
pub fn poll<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// Converts the outcome of a call to a number.
pub trait Folded {
    fn fold(self) -> u64;
}

impl<E: Folded> Folded for Result<u64, E> {
    #[inline]
    fn fold(self) -> u64 {
        match self {
            Ok(n) => n,
            Err(error) => error.fold(),
        }
    }
}

impl Folded for Failed {
    #[inline]
    fn fold(self) -> u64 {
        self.0
    }
}

impl Folded for CircuitOpenError {
    #[inline]
    fn fold(self) -> u64 {
        u64::from(self.retry_after().subsec_nanos())
    }
}

impl Folded for Error {
    #[inline]
    fn fold(self) -> u64 {
        match self {
            Self::Failed(failed) => failed.fold(),
            Self::Open(open) => open.fold(),
            Self::Late => 1,
            Self::Full => 2,
        }
    }
}

impl<E: Folded> Folded for CallError<E> {
    #[inline]
    fn fold(self) -> u64 {
        match self {
            Self::Failed(failed) => failed.fold(),
            Self::Rejected(Rejection::Circuit(open)) => open.fold(),
            Self::Rejected(_) => 1,
        }
    }
}

impl Folded for failsafe::Error<Failed> {
    #[inline]
    fn fold(self) -> u64 {
        match self {
            Self::Inner(failed) => failed.fold(),
            Self::Rejected => 1,
        }
    }
}

impl Folded for recloser::Error<Failed> {
    #[inline]
    fn fold(self) -> u64 {
        match self {
            Self::Inner(failed) => failed.fold(),
            Self::Rejected => 1,
        }
    }
}

impl Folded for nobreak::CircuitError<Failed> {
    #[inline]
    fn fold(self) -> u64 {
        self.into_inner().map_or(1, Folded::fold)
    }
}

impl Folded for circuitbreaker_rs::BreakerError<Failed> {
    #[inline]
    fn fold(self) -> u64 {
        match self {
            Self::Operation(failed) => failed.fold(),
            _ => 1,
        }
    }
}

impl Folded for tower_resilience_circuitbreaker::CircuitBreakerError<Failed> {
    #[inline]
    fn fold(self) -> u64 {
        match self {
            Self::Inner(failed) => failed.fold(),
            _ => 1,
        }
    }
}
