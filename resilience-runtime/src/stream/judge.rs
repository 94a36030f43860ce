//! Defines [`Judge`], which decides whether an item of a stream counts as a failure of the call.

use std::fmt::Display;
use std::time::Duration;

use crate::base::accepts::Accepts;
use crate::circuit::classifier::{Classifier, Verdict};
use crate::expansion::cause::Cause;

/// Judges the items of a stream of `Result<T, E>`.
pub trait Judge<T, E> {
    /// Returns the decision about an `Ok` item, or `None` if the item does not decide the outcome of the call.
    fn judge_ok(&mut self, value: &T) -> Option<Decision>;

    /// Calls `settle` with the decision about the first error, and with the text of this error for the events.
    fn judge_error(self, error: &E, settle: impl FnOnce(Decision, Option<&dyn Display>));
}

/// The outcome of a call, decided by an item of its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// A failure, and the delay that the service asked for, if any.
    Failure(Option<Duration>),
    /// Neither a success nor a failure.
    Neutral(Cause),
}

/// Ignores an error that is a rejection or an expired deadline, and counts any other error as a failure. Detects a
/// rejection or an expired deadline in the same way as [`CircuitBreaker::call`](crate::CircuitBreaker::call).
#[derive(Clone, Copy, Debug)]
pub struct AnyItem;

impl<T, E> Judge<T, E> for AnyItem {
    #[inline]
    fn judge_ok(&mut self, _value: &T) -> Option<Decision> {
        None
    }

    fn judge_error(self, _error: &E, settle: impl FnOnce(Decision, Option<&dyn Display>)) {
        settle(Decision::of_cause(Cause::Unknown.or_noted()), None);
    }
}

impl Decision {
    pub(crate) fn of_cause(cause: Cause) -> Self {
        if cause.is_neutral() { Self::Neutral(cause) } else { Self::Failure(None) }
    }
}

impl<T, E, X, V> Judge<T, E> for Classifier<X, V>
where
    X: Accepts<E> + ?Sized + 'static,
    V: Accepts<T> + ?Sized,
{
    fn judge_ok(&mut self, value: &T) -> Option<Decision> {
        match self.classify_ok(value) {
            Verdict::Failure { retry_after, .. } => Some(Decision::Failure(retry_after)),
            Verdict::Success | Verdict::Neutral(_) => None,
        }
    }

    fn judge_error(self, error: &E, settle: impl FnOnce(Decision, Option<&dyn Display>)) {
        match self.classify_error(error, Cause::or_noted) {
            Verdict::Failure { error, retry_after } => {
                settle(Decision::Failure(retry_after), error.as_ref().map(|error| error as &dyn Display));
            }
            Verdict::Neutral(cause) => settle(Decision::Neutral(cause), None),
            Verdict::Success => {}
        }
    }
}
