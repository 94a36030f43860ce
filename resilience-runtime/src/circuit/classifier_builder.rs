//! Implements [`ClassifierBuilder`], which collects the functions of a [`Classifier`].

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::base::accepts::{Accepts, AnyError, AnyValue};
use crate::base::config_error::ConfigError;
use crate::circuit::classifier::Classifier;
use crate::circuit::classifier_functions::{OfErrors, OfValues, debug};

/// Builds a [`Classifier`]. The function [`Classifier::builder`] creates this builder.
///
/// | option | default | allowed |
/// |---|---|---|
/// | `failure_if` | every error | |
/// | `failure_if_ok` | no value | |
/// | `retry_after` | none | |
/// | `retry_after_ok` | none | only with `failure_if_ok` |
/// | `as_error` | none | |
///
/// If an option is set twice, the second function replaces the first function.
///
/// ```
/// use std::io;
/// use resilience_runtime::{CircuitBreaker, Classifier};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let classifier = Classifier::builder()
///     .failure_if(|error: &io::Error| error.kind() == io::ErrorKind::TimedOut)
///     .failure_if_ok(|status: &u16| *status >= 500)
///     .build()?;
/// let breaker = CircuitBreaker::builder("classifier_builder_example").build()?;
/// breaker.try_acquire()?.settle(&classifier, &Ok::<_, io::Error>(503));
/// breaker.try_acquire()?.settle(&classifier, &Err::<u16, _>(io::Error::other("no fault of the service")));
/// assert_eq!((breaker.stats().failures, breaker.stats().total_ignored), (1, 1));
///
/// assert!(Classifier::builder().retry_after_ok(|_: &u16| None).build().is_err());
/// # Ok(())
/// # }
/// ```
#[must_use = "a builder does nothing until `build`"]
pub struct ClassifierBuilder<E: ?Sized = AnyError, T: ?Sized = AnyValue> {
    errors: OfErrors<E>,
    values: OfValues<T>,
}

impl Classifier {
    /// Returns a builder without functions. A classifier without functions treats every `Err` as a failure. As an
    /// exception, [`CircuitBreaker::call_with`](crate::CircuitBreaker::call_with) ignores expired deadlines and
    /// rejections by other layers.
    pub fn builder() -> ClassifierBuilder {
        ClassifierBuilder { errors: OfErrors::default(), values: OfValues::default() }
    }
}

impl<E: ?Sized, T: ?Sized> ClassifierBuilder<E, T> {
    /// Sets the predicate that decides whether an error counts as a failure. Default: every error in which the
    /// classifier finds no rejection and no expired deadline.
    ///
    /// If the predicate returns false, the call counts as neither a success nor a failure. As an exception, a call
    /// whose error is an expired deadline counts as a failure after [`hung_after`](crate::CircuitBuilder::hung_after).
    #[doc(alias("record_exception", "should_handle"))]
    pub fn failure_if<X, F>(self, failure_if: F) -> ClassifierBuilder<X, T>
    where
        X: 'static,
        E: Accepts<X>,
        F: Fn(&X) -> bool + Send + Sync + 'static,
    {
        let mut builder = self.errors();
        builder.errors.failure_if = Some(Box::new(failure_if));
        builder
    }

    /// Sets the predicate that decides whether an `Ok` value counts as a failure. By default, no `Ok` value counts as a
    /// failure.
    #[doc(alias = "record_result")]
    pub fn failure_if_ok<V, F>(self, failure_if_ok: F) -> ClassifierBuilder<E, V>
    where
        V: 'static,
        T: Accepts<V>,
        F: Fn(&V) -> bool + Send + Sync + 'static,
    {
        let mut builder = self.values();
        builder.values.failure_if_ok = Some(Box::new(failure_if_ok));
        builder
    }

    /// Sets the function that reads a requested delay, such as a `Retry-After`, from an error that counts as a failure.
    /// Default: none.
    ///
    /// If the failure opens the circuit, the delay can extend the cooldown, as with
    /// [`Permit::failure_retry_after`](crate::Permit::failure_retry_after).
    pub fn retry_after<X, F>(self, retry_after: F) -> ClassifierBuilder<X, T>
    where
        X: 'static,
        E: Accepts<X>,
        F: Fn(&X) -> Option<Duration> + Send + Sync + 'static,
    {
        let mut builder = self.errors();
        builder.errors.retry_after = Some(Box::new(retry_after));
        builder
    }

    /// Sets the function that reads a requested delay from an `Ok` value that counts as a failure. Default: none. This
    /// option requires [`failure_if_ok`](Self::failure_if_ok).
    pub fn retry_after_ok<V, F>(self, retry_after_ok: F) -> ClassifierBuilder<E, V>
    where
        V: 'static,
        T: Accepts<V>,
        F: Fn(&V) -> Option<Duration> + Send + Sync + 'static,
    {
        let mut builder = self.values();
        builder.values.retry_after_ok = Some(Box::new(retry_after_ok));
        builder
    }

    /// Sets the function that returns the error as a `&dyn Error`. Default: none.
    ///
    /// With this function, the classifier searches the error and its sources for a rejection or an expired deadline, as
    /// `#[circuit]` does. Events then also contain the text of the error. For an error type that implements [`Error`],
    /// pass `|error| error`. For a `Box<dyn Error>`, pass `|error| &**error`.
    ///
    /// ```
    /// use std::io;
    /// use resilience_runtime::{CircuitBreaker, Classifier};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let classifier = Classifier::builder().as_error(|error: &io::Error| error).build()?;
    /// let (outer, inner) = (CircuitBreaker::builder("outer").build()?, CircuitBreaker::builder("inner").build()?);
    /// inner.force_open();
    ///
    /// let permit = outer.try_acquire()?;
    /// let outcome: io::Result<()> = inner.try_acquire().map(|_| ()).map_err(io::Error::from);
    /// permit.settle(&classifier, &outcome);
    /// assert_eq!((outer.stats().failures, outer.stats().total_ignored), (0, 1));
    /// # Ok(())
    /// # }
    /// ```
    pub fn as_error<X, F>(self, as_error: F) -> ClassifierBuilder<X, T>
    where
        X: 'static,
        E: Accepts<X>,
        F: Fn(&X) -> &(dyn Error + 'static) + Send + Sync + 'static,
    {
        let mut builder = self.errors();
        builder.errors.as_error = Some(Box::new(as_error));
        builder
    }

    /// Creates the classifier.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`] if `retry_after_ok` is set, but `failure_if_ok` is not.
    pub fn build(self) -> Result<Classifier<E, T>, ConfigError> {
        let Self { errors, values } = self;
        if values.retry_after_ok.is_some() && values.failure_if_ok.is_none() {
            let allowed = "beside `failure_if_ok`: no `Ok` is a failure otherwise";
            return Err(ConfigError::new("retry_after_ok", "given".to_owned(), allowed));
        }
        Ok(Classifier::new(errors, values))
    }

    /// Changes the error type of the builder to `X`.
    fn errors<X>(self) -> ClassifierBuilder<X, T>
    where
        E: Accepts<X>,
    {
        ClassifierBuilder { errors: E::convert::<OfErrors<()>>(self.errors), values: self.values }
    }

    /// Changes the value type of the builder to `V`.
    fn values<V>(self) -> ClassifierBuilder<E, V>
    where
        T: Accepts<V>,
    {
        ClassifierBuilder { errors: self.errors, values: T::convert::<OfValues<()>>(self.values) }
    }
}

impl<E: ?Sized, T: ?Sized> fmt::Debug for ClassifierBuilder<E, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug("ClassifierBuilder", &self.errors, &self.values, f)
    }
}
