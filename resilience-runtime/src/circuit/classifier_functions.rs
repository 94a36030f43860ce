//! Stores the user's functions of a [`Classifier`](crate::Classifier), such as `failure_if`.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::base::accepts::{Accepts, Functions};
use crate::base::noted::aside;

/// A function of the user that receives an error or an `Ok` value.
type Function<P, R> = Box<dyn Fn(&P) -> R + Send + Sync>;
type Show<E> = Box<dyn Fn(&E) -> &(dyn Error + 'static) + Send + Sync>;

/// The user's functions that receive an error.
pub(crate) struct OfErrors<E: ?Sized> {
    pub(super) failure_if: Option<Function<E, bool>>,
    pub(super) retry_after: Option<Function<E, Option<Duration>>>,
    pub(super) as_error: Option<Show<E>>,
}

/// The user's functions that receive an `Ok` value.
pub(crate) struct OfValues<T: ?Sized> {
    pub(super) failure_if_ok: Option<Function<T, bool>>,
    pub(super) retry_after_ok: Option<Function<T, Option<Duration>>>,
}

impl<E: ?Sized> Default for OfErrors<E> {
    fn default() -> Self {
        Self { failure_if: None, retry_after: None, as_error: None }
    }
}

impl<T: ?Sized> Default for OfValues<T> {
    fn default() -> Self {
        Self { failure_if_ok: None, retry_after_ok: None }
    }
}

impl Functions for OfErrors<()> {
    type Of<E: ?Sized> = OfErrors<E>;
}

impl Functions for OfValues<()> {
    type Of<T: ?Sized> = OfValues<T>;
}

impl<E: ?Sized> OfErrors<E> {
    /// Returns the decision of `failure_if`, or `None` if this function is not set.
    pub(super) fn is_failure<X>(&self, error: &X) -> Option<bool>
    where
        E: Accepts<X>,
    {
        let (failure_if, error) = self.failure_if.as_ref().zip(E::see(error))?;
        Some(aside(|| failure_if(error)))
    }

    pub(super) fn retry_after<X>(&self, error: &X) -> Option<Duration>
    where
        E: Accepts<X>,
    {
        let (retry_after, error) = self.retry_after.as_ref().zip(E::see(error))?;
        aside(|| retry_after(error))
    }

    pub(super) fn show<'a, X>(&self, error: &'a X) -> Option<&'a (dyn Error + 'static)>
    where
        E: Accepts<X> + 'static,
    {
        let (as_error, error) = self.as_error.as_ref().zip(E::see(error))?;
        Some(aside(|| as_error(error)))
    }
}

impl<T: ?Sized> OfValues<T> {
    pub(super) fn is_failure<V>(&self, value: &V) -> bool
    where
        T: Accepts<V>,
    {
        let Some((failure_if_ok, value)) = self.failure_if_ok.as_ref().zip(T::see(value)) else { return false };
        aside(|| failure_if_ok(value))
    }

    pub(super) fn retry_after<V>(&self, value: &V) -> Option<Duration>
    where
        T: Accepts<V>,
    {
        let (retry_after_ok, value) = self.retry_after_ok.as_ref().zip(T::see(value))?;
        aside(|| retry_after_ok(value))
    }
}

/// Writes the names of the options that are set, as the `Debug` output.
pub(super) fn debug<E: ?Sized, T: ?Sized>(
    name: &str,
    errors: &OfErrors<E>,
    values: &OfValues<T>,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let OfErrors { failure_if, retry_after, as_error } = errors;
    let OfValues { failure_if_ok, retry_after_ok } = values;
    let options = [
        ("failure_if", failure_if.is_some()),
        ("failure_if_ok", failure_if_ok.is_some()),
        ("retry_after", retry_after.is_some()),
        ("retry_after_ok", retry_after_ok.is_some()),
        ("as_error", as_error.is_some()),
    ];
    let set = options.into_iter().filter(|(_, is_set)| *is_set).map(|(option, _)| option);
    f.write_str(name)?;
    f.debug_set().entries(set).finish()
}
