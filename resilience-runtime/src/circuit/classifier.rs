//! Defines [`Classifier`], which decides whether the outcome of a call is a failure.

use std::borrow::Borrow;
use std::error::Error;
use std::fmt::{self, Display};
use std::future::Future;
use std::time::Duration;

use crate::base::accepts::{Accepts, AnyError, AnyValue};
use crate::base::noted::{Failed, Noted, NotedValue};
use crate::base::sync::Arc;
use crate::call_error::CallError;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::call::Admitted;
use crate::circuit::classifier_functions::{OfErrors, OfValues, debug};
use crate::circuit::core::core::Core;
use crate::circuit::permit::{OwnedPermit, Permit};
use crate::circuit::watched::Watched;
use crate::expansion::cause::Cause;
use crate::expansion::search;

/// Decides whether the outcome of a call is a success, a failure or neither, as the options of `#[circuit]` do. Also
/// reads the delay that the service asked for, such as the value of a `Retry-After` header.
///
/// [`CircuitBreaker::call_with`], [`Permit::settle`] and [`OwnedPermit::settle`] take a classifier. Building a
/// classifier allocates memory. Cloning a classifier does not.
///
/// ```
/// use std::io;
/// use std::time::Duration;
/// use resilience_runtime::{CircuitBreaker, Classifier};
///
/// struct Response { status: u16, retry_after: Option<Duration> }
///
/// struct Client { breaker: CircuitBreaker, classifier: Classifier<io::Error, Response> }
///
/// impl Client {
///     fn new() -> Result<Self, resilience_runtime::ConfigError> {
///         let classifier = Classifier::builder()
///             .failure_if(|error: &io::Error| error.kind() != io::ErrorKind::NotFound)
///             .failure_if_ok(|response: &Response| matches!(response.status, 429 | 500..))
///             .retry_after_ok(|response: &Response| response.retry_after)
///             .build()?;
///         let breaker = CircuitBreaker::builder("classifier_example").threshold(1).build()?;
///         Ok(Self { breaker, classifier })
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let Client { breaker, classifier } = Client::new()?;
/// let busy = || async { Ok(Response { status: 429, retry_after: Some(Duration::from_secs(60)) }) };
/// assert_eq!(breaker.call_with(&classifier, busy).await?.status, 429);
/// assert_eq!(breaker.stats().cooldown_remaining.as_secs(), 60);
/// # Ok(())
/// # }
/// ```
///
/// # Type parameters
///
/// The functions `failure_if`, `retry_after` and `as_error` determine the error type `E`. The functions `failure_if_ok`
/// and `retry_after_ok` determine the value type `T`. Without functions for errors, the classifier accepts every error
/// type. A `Classifier<E>` has no functions for `Ok` values, and therefore accepts every value type.
pub struct Classifier<E: ?Sized = AnyError, T: ?Sized = AnyValue>(Arc<Rules<E, T>>);

struct Rules<E: ?Sized, T: ?Sized> {
    errors: OfErrors<E>,
    values: OfValues<T>,
}

/// The decision of a classifier about an outcome.
pub(crate) enum Verdict<'a> {
    Success,
    Failure {
        error: Option<&'a (dyn Error + 'static)>,
        retry_after: Option<Duration>,
    },
    /// Neither a success nor a failure.
    Neutral(Cause),
}

impl Verdict<'_> {
    /// Records the outcome of a call. `failed` is the way in which the circuit records a failure.
    fn record<B: Borrow<Core>>(self, call: &Admitted<B>, failed: Failed) {
        match self {
            Self::Success => call.success(),
            Self::Failure { error, retry_after } => {
                let text = error.as_ref().map(|error| error as &dyn Display);
                call.failure(text, retry_after, failed);
            }
            Self::Neutral(Cause::Deadline) => call.end_late(failed),
            Self::Neutral(Cause::TooLate) => call.end_too_late(failed),
            Self::Neutral(_) => call.ignore(),
        }
    }
}

impl<E: ?Sized, T: ?Sized> Classifier<E, T> {
    pub(super) fn new(errors: OfErrors<E>, values: OfValues<T>) -> Self {
        Self(Arc::new(Rules { errors, values }))
    }

    /// Decides whether `outcome` is a success, a failure or neither. Searches an error for a [`Cause`], such as a
    /// rejection by another layer. `noted` receives the cause that the search found, and returns this cause or a
    /// replacement.
    fn classify<'a, V, X>(&self, outcome: &'a Result<V, X>, noted: impl FnOnce(Cause) -> Cause) -> Verdict<'a>
    where
        E: Accepts<X> + 'static,
        T: Accepts<V>,
    {
        match outcome {
            Ok(value) => self.classify_ok(value),
            Err(error) => self.classify_error(error, noted),
        }
    }

    /// Decides whether `error` is a failure, as [`classify`](Self::classify) does.
    pub(crate) fn classify_error<'a, X>(&self, error: &'a X, noted: impl FnOnce(Cause) -> Cause) -> Verdict<'a>
    where
        E: Accepts<X> + 'static,
    {
        let Rules { errors, .. } = &*self.0;
        let shown = errors.show(error);
        let cause = || noted(shown.map_or(Cause::Unknown, |shown| search::cause(shown.source())));
        let neutral = match errors.is_failure(error) {
            Some(is_failure) => (!is_failure).then(cause),
            None => Some(cause()).filter(|cause| cause.is_neutral()),
        };
        match neutral {
            Some(cause) => Verdict::Neutral(cause),
            None => Verdict::Failure { error: shown, retry_after: errors.retry_after(error) },
        }
    }

    /// Decides whether an `Ok` value is a failure, as [`classify`](Self::classify) does.
    pub(crate) fn classify_ok<V>(&self, value: &V) -> Verdict<'static>
    where
        T: Accepts<V>,
    {
        let Rules { values, .. } = &*self.0;
        if values.is_failure(value) {
            Verdict::Failure { error: None, retry_after: values.retry_after(value) }
        } else {
            Verdict::Success
        }
    }
}

impl CircuitBreaker {
    /// Works like [`call`](Self::call), but `classifier` decides whether the outcome is a failure.
    ///
    /// If the function [`failure_if`](crate::ClassifierBuilder::failure_if) is not set, the breaker ignores expired
    /// deadlines and rejections by other layers, as [`call`](Self::call) does. With the function
    /// [`as_error`](crate::ClassifierBuilder::as_error), the breaker first searches the error and its sources for a
    /// rejection or an expired deadline. Without `as_error`, or if the search finds nothing, the breaker uses the rule
    /// of [`call`](Self::call). This rule checks whether the number of existing rejections and deadline errors grew
    /// during the last poll of the future.
    ///
    /// # Errors
    ///
    /// Returns [`CallError::Rejected`] without calling `f` if the circuit rejects the call. Returns
    /// [`CallError::Failed`] if the future that `f` returned fails.
    ///
    /// # Panics
    ///
    /// If `f` or its future panics, the call counts as a failure. If a function of the classifier panics, the call
    /// counts as cancelled. In both cases, the panic continues in the caller.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future that this method returns cancels the call, as in [`call`](Self::call).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use resilience_runtime::{CircuitBreaker, Classifier};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("call_with_example").build()?;
    /// let is_failure = |error: &io::Error| error.kind() != io::ErrorKind::NotFound;
    /// let classifier = Classifier::builder().failure_if(is_failure).build()?;
    /// let missing = || async { Err::<(), io::Error>(io::ErrorKind::NotFound.into()) };
    /// assert!(breaker.call_with(&classifier, missing).await.is_err());
    /// assert_eq!((breaker.stats().failures, breaker.stats().total_ignored), (0, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn call_with<V, X, F, Fut, E, T>(&self, classifier: &Classifier<E, T>, f: F) -> Result<V, CallError<X>>
    where
        F: FnOnce() -> Fut,
        Fut: Future<Output = Result<V, X>>,
        E: Accepts<X> + ?Sized + 'static,
        T: Accepts<V> + ?Sized,
    {
        let mut permit = self.acquire(false)?;
        // To record a failure, the breaker needs the number of messages that circuits had left for retries before the
        // last poll. `Noted` stores this number only for an `Err`. The classifier may also count an `Ok` as a failure,
        // so `NotedValue` stores the number for every outcome.
        let body = NotedValue::new(Watched::new(&mut permit, async { f().await }));
        let outcome = Noted::new(body).await;
        permit.judge();
        let verdict = classifier.classify(&outcome, Cause::or_noted);
        verdict.record(&permit.end_judged(), Failed::InPoll);
        outcome.map_err(CallError::Failed)
    }
}

macro_rules! settle {
    ($($permit:ty),*) => {
        $(
            impl $permit {
                /// Ends the call as a success, as a failure, or as neither. The classifier decides about `outcome` by
                /// the same rules as `#[circuit]`.
                ///
                /// If the function [`failure_if`](crate::ClassifierBuilder::failure_if) is set, `failure_if` decides
                /// whether an error is a failure. Without `failure_if`, a rejection by another layer or an expired
                /// deadline ends the call as neither a success nor a failure. To find the rejection or the deadline in
                /// an error, the classifier needs the function [`as_error`](crate::ClassifierBuilder::as_error). In
                /// contrast, [`CircuitBreaker::call_with`] can detect both without `as_error`. An expired deadline
                /// counts as a failure if the call ran for [`hung_after`](crate::CircuitBuilder::hung_after) or longer.
                ///
                /// If a function of the classifier panics, the call counts as cancelled.
                ///
                /// ```
                /// use resilience_runtime::{CircuitBreaker, Classifier};
                ///
                /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
                /// let breaker = CircuitBreaker::builder("settle_example").build()?;
                /// let classifier = Classifier::builder().failure_if_ok(|status: &u16| *status >= 500).build()?;
                ///
                /// let outcome = Ok::<_, std::io::Error>(503);
                /// breaker.try_acquire()?.settle(&classifier, &outcome);
                /// breaker.try_acquire_owned()?.settle(&classifier, &outcome);
                /// assert_eq!(breaker.stats().failures, 2);
                /// # Ok(())
                /// # }
                /// ```
                pub fn settle<V, X, E, T>(mut self, classifier: &Classifier<E, T>, outcome: &Result<V, X>)
                where
                    E: Accepts<X> + ?Sized + 'static,
                    T: Accepts<V> + ?Sized,
                {
                    let failed = self.0.failed();
                    self.0.judge();
                    let verdict = classifier.classify(outcome, |cause| cause);
                    verdict.record(self.0.end_judged(), failed);
                }
            }
        )*
    };
}

settle!(Permit<'_>, OwnedPermit);

impl<E: ?Sized, T: ?Sized> Clone for Classifier<E, T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<E: ?Sized, T: ?Sized> fmt::Debug for Classifier<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rules { errors, values } = &*self.0;
        debug("Classifier", errors, values, f)
    }
}
