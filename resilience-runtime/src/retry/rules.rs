//! Stores the user's functions of a [`RetryPolicy`](crate::RetryPolicy), such as `retry_if`.
#![allow(missing_debug_implementations)] // the functions do not implement `Debug`

use std::time::Duration;

use crate::base::sync::Arc;
use crate::retry::budget::config::RetryCost;

/// Describes a retry. The method [`RetryBuilder::on_retry`](crate::RetryBuilder::on_retry) sets a function that
/// receives this value before the pause of each retry.
#[derive(Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a, E: ?Sized> {
    /// Number of the failed attempt, counted from 1.
    pub attempt: u32,
    /// Pause before the next attempt.
    pub delay: Duration,
    /// Error of the failed attempt. The field is `None` if [`retry_if_ok`](crate::RetryBuilder::retry_if_ok) selects an
    /// `Ok` value for the retry.
    pub error: Option<&'a E>,
}

/// The error type of a [`RetryPolicy`](crate::RetryPolicy) without a function that receives an error, such as
/// `retry_if`. The policy accepts every error type.
///
/// No value of this type exists.
#[derive(Debug)]
pub struct AnyError {
    _unsized: [Never],
}

/// The value type of a [`RetryPolicy`](crate::RetryPolicy) without the function `retry_if_ok`, which receives an `Ok`
/// value. The policy accepts every value type.
///
/// No value of this type exists.
#[derive(Debug)]
pub struct AnyValue {
    _unsized: [Never],
}

#[derive(Debug)]
enum Never {}

/// States that a [`RetryPolicy`](crate::RetryPolicy) with the error type `Self` accepts attempts with the error type
/// `V`. The same applies to value types.
///
/// Each type accepts itself. [`AnyError`] and [`AnyValue`] accept every type. The trait is sealed, so only
/// this crate can implement it.
#[diagnostic::on_unimplemented(
    message = "a retry policy for the type `{Self}` does not accept the type `{V}`",
    note = "the functions of a policy, such as `retry_if`, fix its error type and its value type"
)]
pub trait Accepts<V>: sealed::Accepts<V> {}

impl<P: sealed::Accepts<V> + ?Sized, V> Accepts<V> for P {}

mod sealed {
    use super::{AnyError, AnyValue, ErrorRules, ValueRules};

    #[diagnostic::on_unimplemented(
        message = "a retry policy for the type `{Self}` does not accept the type `{V}`",
        note = "the functions of a policy, such as `retry_if`, fix its error type and its value type"
    )]
    pub trait Accepts<V> {
        /// Returns the value that the user's functions receive. `AnyError` and `AnyValue` return `None`, because a
        /// policy with these types has no such function.
        fn see(value: &V) -> Option<&Self>;

        /// Changes the error type of the user's functions to `V`.
        fn of_errors(rules: ErrorRules<Self>) -> ErrorRules<V>;

        /// Changes the value type of the user's functions to `V`.
        fn of_values(rules: ValueRules<Self>) -> ValueRules<V>;
    }

    impl<V> Accepts<V> for V {
        #[inline]
        fn see(value: &V) -> Option<&Self> {
            Some(value)
        }

        fn of_errors(rules: ErrorRules<Self>) -> ErrorRules<V> {
            rules
        }

        fn of_values(rules: ValueRules<Self>) -> ValueRules<V> {
            rules
        }
    }

    macro_rules! any {
        ($($any:ty),*) => {
            $(
                // `$any` is unsized. This implementation therefore does not overlap with the implementation above,
                // which applies to sized types only.
                impl<V> Accepts<V> for $any {
                    #[inline]
                    fn see(_: &V) -> Option<&Self> {
                        None
                    }

                    fn of_errors(_: ErrorRules<Self>) -> ErrorRules<V> {
                        ErrorRules::default()
                    }

                    fn of_values(_: ValueRules<Self>) -> ValueRules<V> {
                        ValueRules::default()
                    }
                }
            )*
        };
    }

    any!(AnyError, AnyValue);
}

pub(super) use sealed::Accepts as Seen;

/// A function of the user that receives an error or an `Ok` value.
type Function<P, R> = Arc<dyn Fn(&P) -> R + Send + Sync>;
type Hook<E> = Arc<dyn Fn(&RetryEvent<'_, E>) + Send + Sync>;

/// The functions that a user gave to a policy.
pub struct Rules<E: ?Sized, T: ?Sized> {
    pub(super) errors: ErrorRules<E>,
    pub(super) values: ValueRules<T>,
}

/// The user's functions that receive an error.
pub struct ErrorRules<E: ?Sized> {
    retry_if: Option<Function<E, bool>>,
    retry_after: Option<Function<E, Option<Duration>>>,
    cost: Option<Function<E, RetryCost>>,
    on_retry: Option<Hook<E>>,
}

/// The user's functions that receive an `Ok` value.
pub struct ValueRules<T: ?Sized> {
    retry_if_ok: Option<Function<T, bool>>,
}

impl<E: ?Sized, T: ?Sized> Default for Rules<E, T> {
    fn default() -> Self {
        Self { errors: ErrorRules::default(), values: ValueRules::default() }
    }
}

impl<E: ?Sized, T: ?Sized> Clone for Rules<E, T> {
    fn clone(&self) -> Self {
        Self { errors: self.errors.clone(), values: self.values.clone() }
    }
}

impl<E: ?Sized, T: ?Sized> Rules<E, T> {
    /// Sets the error type that the user's functions, such as `retry_if`, receive.
    pub(super) fn of_errors<X>(self) -> Rules<X, T>
    where
        E: Seen<X>,
    {
        Rules { errors: E::of_errors(self.errors), values: self.values }
    }

    /// Sets the value type that the user's function `retry_if_ok` receives.
    pub(super) fn of_values<V>(self) -> Rules<E, V>
    where
        T: Seen<V>,
    {
        Rules { errors: self.errors, values: T::of_values(self.values) }
    }
}

impl<E: ?Sized> Default for ErrorRules<E> {
    fn default() -> Self {
        Self { retry_if: None, retry_after: None, cost: None, on_retry: None }
    }
}

impl<E: ?Sized> Clone for ErrorRules<E> {
    fn clone(&self) -> Self {
        let Self { retry_if, retry_after, cost, on_retry } = self;
        Self {
            retry_if: retry_if.clone(),
            retry_after: retry_after.clone(),
            cost: cost.clone(),
            on_retry: on_retry.clone(),
        }
    }
}

impl<T: ?Sized> Default for ValueRules<T> {
    fn default() -> Self {
        Self { retry_if_ok: None }
    }
}

impl<T: ?Sized> Clone for ValueRules<T> {
    fn clone(&self) -> Self {
        Self { retry_if_ok: self.retry_if_ok.clone() }
    }
}

impl<E: ?Sized + 'static> ErrorRules<E> {
    pub(super) fn add_retry_if(&mut self, second: impl Fn(&E) -> bool + Send + Sync + 'static) {
        self.retry_if = Some(match self.retry_if.take() {
            None => Arc::new(second),
            Some(first) => Arc::new(move |error: &E| first(error) && second(error)),
        });
    }

    pub(super) fn add_retry_after(&mut self, second: impl Fn(&E) -> Option<Duration> + Send + Sync + 'static) {
        self.retry_after = Some(match self.retry_after.take() {
            None => Arc::new(second),
            Some(first) => Arc::new(move |error: &E| first(error).max(second(error))),
        });
    }

    pub(super) fn add_cost(&mut self, second: impl Fn(&E) -> RetryCost + Send + Sync + 'static) {
        self.cost = Some(match self.cost.take() {
            None => Arc::new(second),
            Some(first) => Arc::new(move |error: &E| match first(error) {
                RetryCost::Failure => second(error),
                cost => cost,
            }),
        });
    }

    pub(super) fn add_on_retry(&mut self, second: impl Fn(&RetryEvent<'_, E>) + Send + Sync + 'static) {
        self.on_retry = Some(match self.on_retry.take() {
            None => Arc::new(second),
            Some(first) => Arc::new(move |event: &RetryEvent<'_, E>| {
                first(event);
                second(event);
            }),
        });
    }
}

impl<T: ?Sized + 'static> ValueRules<T> {
    pub(super) fn add_retry_if_ok(&mut self, second: impl Fn(&T) -> bool + Send + Sync + 'static) {
        self.retry_if_ok = Some(match self.retry_if_ok.take() {
            None => Arc::new(second),
            Some(first) => Arc::new(move |value: &T| first(value) || second(value)),
        });
    }
}

impl<E: ?Sized> ErrorRules<E> {
    pub(super) fn has_cost(&self) -> bool {
        self.cost.is_some()
    }

    pub(super) fn has_retry_after(&self) -> bool {
        self.retry_after.is_some()
    }

    pub(super) fn retry_if<X>(&self, error: &X) -> bool
    where
        E: Seen<X>,
    {
        let Some((retry_if, error)) = self.retry_if.as_ref().zip(E::see(error)) else { return true };
        retry_if(error)
    }

    pub(super) fn retry_after<X>(&self, error: &X) -> Option<Duration>
    where
        E: Seen<X>,
    {
        let (retry_after, error) = self.retry_after.as_ref().zip(E::see(error))?;
        retry_after(error)
    }

    pub(super) fn cost<X>(&self, error: &X) -> RetryCost
    where
        E: Seen<X>,
    {
        let Some((cost, error)) = self.cost.as_ref().zip(E::see(error)) else { return RetryCost::Failure };
        cost(error)
    }

    pub(super) fn on_retry<X>(&self, event: &RetryEvent<'_, X>)
    where
        E: Seen<X>,
    {
        if let Some(on_retry) = &self.on_retry {
            on_retry(&RetryEvent { attempt: event.attempt, delay: event.delay, error: event.error.and_then(E::see) });
        }
    }
}

impl<T: ?Sized> ValueRules<T> {
    #[inline]
    pub(super) fn retry_if_ok<V>(&self, value: &V) -> bool
    where
        T: Seen<V>,
    {
        let Some(retry_if_ok) = &self.retry_if_ok else { return false };
        T::see(value).is_some_and(|value| retry_if_ok(value))
    }
}
