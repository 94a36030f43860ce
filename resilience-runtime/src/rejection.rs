//! Defines [`Rejection`], one error type for the rejections of all layers.

use std::error::Error;
use std::io;
use std::time::Duration;

use crate::base::not_made::chain;
use crate::bulkhead::error::BulkheadFullError;
use crate::circuit::error::CircuitOpenError;
use crate::rate_limit::error::RateLimitedError;
use crate::timeout::error::TimeoutError;

/// Reports that a circuit, a bulkhead or a rate limit rejected a call, or that a timeout ended a call.
///
/// An error enum with a variant such as `Rejected(#[from] Rejection)` fits every attribute. An attribute also accepts
/// an error type that implements `From` for the attribute's own error, such as `From<CircuitOpenError>`. If an error
/// type implements both `From<Rejection>` and `From<CircuitOpenError>`, `#[circuit]` uses `From<CircuitOpenError>`.
///
/// Each variant contains the error of one layer, such as a [`CircuitOpenError`]. A rejection has the message and the
/// source of the contained error. Creating or cloning a `Rejection` does not allocate.
///
/// ```
/// use std::time::Duration;
/// use resilience_runtime::{Rejection, RejectionKind, circuit, rate_limit, timeout};
///
/// #[derive(Debug, thiserror::Error)]
/// enum SearchError {
///     #[error(transparent)]
///     Rejected(#[from] Rejection),
///     #[error(transparent)]
///     Io(#[from] std::io::Error),
/// }
///
/// #[rate_limit(per_second = 10, burst = 1)]
/// #[circuit(name = "rejection_example")]
/// #[timeout(5)]
/// async fn search(query: &str) -> Result<usize, SearchError> {
///     Ok(query.len())
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() {
/// search("one").await.unwrap();
/// let Err(SearchError::Rejected(rejection)) = search("two").await else { panic!("above the rate") };
/// assert_eq!(rejection.kind(), RejectionKind::RateLimit);
/// assert_eq!(rejection.name(), Some("search"));
/// assert_eq!(rejection.retry_after(), Some(Duration::from_millis(100)));
/// assert!(!rejection.was_called());
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum Rejection {
    /// A circuit rejected the call.
    Circuit(#[from] CircuitOpenError),
    /// A bulkhead rejected the call, usually because no slot was free.
    Bulkhead(#[from] BulkheadFullError),
    /// A rate limit rejected the call.
    RateLimit(#[from] RateLimitedError),
    /// A timeout ended the call, or the time limit had passed before the call could start.
    Timeout(#[from] TimeoutError),
}

/// Identifies the kind of layer that rejected or ended a call. [`Rejection::kind`] returns this kind.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, Rejection, RejectionKind};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("kind_example").build()?;
/// breaker.force_open();
/// let rejection = Rejection::from(breaker.try_acquire().unwrap_err());
/// assert_eq!(rejection.kind(), RejectionKind::Circuit);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RejectionKind {
    /// A circuit.
    Circuit,
    /// A bulkhead.
    Bulkhead,
    /// A rate limit.
    RateLimit,
    /// A timeout.
    Timeout,
}

impl Rejection {
    /// Finds a rejection in `error` or in its sources (`Error::source`). The search ends after 64 errors.
    ///
    /// The search finds a rejection in an [`io::Error`], in a `Box<dyn Error>`, in an `anyhow::Error` with a context,
    /// and behind `#[error(transparent)]`. An error of your own type may return the [source](Error::source) of a
    /// layer's error, such as a [`CircuitOpenError`], as its own source. The search then also finds the rejection. The
    /// search finds nothing in an error that returns no source.
    ///
    /// ```
    /// use std::io;
    /// use resilience_runtime::{Bulkhead, Rejection};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let bulkhead = Bulkhead::builder("reports", 1).build()?;
    /// let _slot = bulkhead.try_acquire()?;
    /// let full = bulkhead.try_acquire().unwrap_err();
    ///
    /// let error: Box<dyn std::error::Error> = io::Error::from(full.clone()).into();
    /// assert_eq!(Rejection::find(&*error), Some(Rejection::Bulkhead(full)));
    /// assert_eq!(Rejection::find(&io::Error::other("down")), None);
    /// # Ok(())
    /// # }
    /// ```
    pub fn find(error: &(dyn Error + 'static)) -> Option<Self> {
        chain(error).find_map(Self::of_mark)
    }

    fn of_mark(source: &(dyn Error + 'static)) -> Option<Self> {
        let circuit = source.downcast_ref().map(|mark| CircuitOpenError::of(mark).into());
        circuit
            .or_else(|| source.downcast_ref().map(|mark| BulkheadFullError::of(mark).into()))
            .or_else(|| source.downcast_ref().map(|mark| RateLimitedError::of(mark).into()))
            .or_else(|| source.downcast_ref().map(|mark| TimeoutError::of(mark).into()))
    }

    /// Returns the kind of layer that rejected or ended the call.
    pub fn kind(&self) -> RejectionKind {
        match self {
            Self::Circuit(_) => RejectionKind::Circuit,
            Self::Bulkhead(_) => RejectionKind::Bulkhead,
            Self::RateLimit(_) => RejectionKind::RateLimit,
            Self::Timeout(_) => RejectionKind::Timeout,
        }
    }

    /// Returns the name of the circuit, bulkhead or rate limit. Special characters are not escaped. Returns `None` for
    /// a timeout, which has no name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::Circuit(open) => Some(open.name()),
            Self::Bulkhead(full) => Some(full.name()),
            Self::RateLimit(limited) => Some(limited.name()),
            Self::Timeout(_) => None,
        }
    }

    /// Returns whether the body of the called function may have run.
    ///
    /// Returns false if a circuit, a bulkhead or a rate limit rejected the call. Returns true if a timeout ended the
    /// call, even if the call was still waiting for a slot of a bulkhead. As an exception, returns false if the time of
    /// the timeout was zero, or if the caller's [`deadline`](crate::deadline()) had passed before the call. Returns
    /// true for every error of a `LimitedStream`, a stream with a time limit for each item.
    ///
    /// The error that a retry or a hedge returns describes only one attempt. If this attempt was rejected, the result
    /// is false, even if the body ran in another attempt.
    pub fn was_called(&self) -> bool {
        matches!(self, Self::Timeout(error) if error.was_called())
    }

    /// Returns the time to wait before the next call. Returns `None` for a bulkhead or a timeout, and for a call that a
    /// rate limit will never admit. [`RateLimitedError::retry_after`] lists the reasons why a rate limit never admits a
    /// call.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Circuit(open) => Some(open.retry_after()),
            Self::RateLimit(limited) => limited.retry_after(),
            Self::Bulkhead(_) | Self::Timeout(_) => None,
        }
    }
}

/// Converts the error in the rejection, such as a [`CircuitOpenError`], to an `io::Error`. The variant of the rejection
/// determines the kind of the `io::Error`. [`io::Error::get_ref`] returns the error in the rejection.
impl From<Rejection> for io::Error {
    fn from(rejection: Rejection) -> Self {
        match rejection {
            Rejection::Circuit(open) => open.into(),
            Rejection::Bulkhead(full) => full.into(),
            Rejection::RateLimit(limited) => limited.into(),
            Rejection::Timeout(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::base::name::Name;

    use super::*;

    #[test]
    fn errors_take_no_room_for_their_source() {
        let of_a_name = size_of::<(Name, u64)>();
        assert_eq!(size_of::<CircuitOpenError>(), of_a_name);
        assert_eq!(size_of::<BulkheadFullError>(), of_a_name);
        assert_eq!(size_of::<RateLimitedError>(), of_a_name);
        assert_eq!(size_of::<TimeoutError>(), size_of::<(Duration, bool)>());
        assert_eq!(size_of::<Rejection>(), of_a_name + size_of::<usize>());
    }
}
