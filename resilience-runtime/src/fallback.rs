//! Replaces errors for `#[fallback]`, and counts the calls whose errors were replaced.

use std::ops::ControlFlow;

use crate::base::noted::Replaced;
use crate::base::outcome::Outcome;
use crate::base::sync::{Arc, AtomicU64, Ordering};

/// The counts of one `#[fallback]`, or of all attributes `#[fallback]` with the same name.
#[derive(Clone, Debug, Default)]
#[allow(missing_docs)] // This type needs no docs: only the hidden module `__private` exports it.
pub struct Fallback(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    calls: AtomicU64,
    errors: AtomicU64,
}

#[allow(missing_docs)]
impl Fallback {
    /// Counts a call of the fallback function, and returns the outcome of this call unchanged.
    #[inline]
    pub fn count<R: Outcome>(&self, outcome: R) -> R {
        let outcome = outcome.into_result();
        self.add(outcome.is_err());
        R::from_result(outcome)
    }

    #[cold]
    fn add(&self, failed: bool) {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
        self.0.errors.fetch_add(failed.into(), Ordering::Relaxed);
    }

    pub(crate) fn stats(&self) -> FallbackStats {
        let Counts { calls, errors } = &*self.0;
        FallbackStats { total_fell_back: calls.load(Ordering::Relaxed), total_failed: errors.load(Ordering::Relaxed) }
    }
}

/// Replaces the error of a call, for a fallback that is a closure or a value. If `outcome` is
/// [`ControlFlow::Continue`], the function `make` receives the contained error and returns the new outcome. If
/// `outcome` is [`ControlFlow::Break`], returns the contained outcome unchanged.
///
/// If `make` is a closure, the compiler infers its parameter type and its return type from the type of `outcome`.
#[allow(missing_docs)]
#[expect(clippy::inline_always, reason = "an outcome that goes through memory costs as much as a breaker")]
#[inline(always)]
pub fn replace<'f, R: Outcome>(
    outcome: ControlFlow<R, R::Error>,
    counts: impl FnOnce() -> &'f Fallback,
    make: impl FnOnce(R::Error) -> R,
) -> R {
    match outcome {
        ControlFlow::Break(outcome) => outcome,
        ControlFlow::Continue(error) => {
            let replaced = Replaced::now();
            let outcome = make(error).into_result();
            if outcome.is_err() {
                replaced.note();
            }
            counts().count(R::from_result(outcome))
        }
    }
}

/// Contains the counts, at one moment, of one `#[fallback]`, or of all attributes `#[fallback]` with the same name.
/// [`get_stats`](crate::get_stats) returns this value.
///
/// ```
/// use resilience_runtime::{fallback, get_stats};
///
/// #[fallback(value = 1, name = "fallback_stats_example")]
/// async fn rate() -> std::io::Result<u32> {
///     Err(std::io::ErrorKind::TimedOut.into())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// assert_eq!(rate().await?, 1);
/// let stats = &get_stats().fallbacks["fallback_stats_example"];
/// assert_eq!((stats.total_fell_back, stats.total_failed), (1, 0));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FallbackStats {
    /// Total number of calls whose error the fallback has replaced. A call is counted when the fallback ends.
    pub total_fell_back: u64,
    /// Total number of calls for which the fallback itself returned an error. `total_fell_back` includes these calls.
    pub total_failed: u64,
}
