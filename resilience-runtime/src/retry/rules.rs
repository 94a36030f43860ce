//! Stores the functions that a user passes to a [`RetryPolicy`](crate::RetryPolicy), such as `retry_if`.
#![allow(missing_debug_implementations)] // The user's functions do not implement `Debug`.

use std::time::Duration;

use crate::base::accepts::{Functions, Seen};
use crate::base::noted::aside;
use crate::base::sync::Arc;
use crate::retry::budget::config::RetryCost;

/// Describes a retry. The function in [`RetryBuilder::on_retry`](crate::RetryBuilder::on_retry), or in the option
/// `on_retry` of `#[retry]`, receives this description.
///
/// ```
/// use std::sync::mpsc::channel;
/// use std::time::Duration;
/// use resilience_runtime::{RetryEvent, RetryPolicy};
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let (send, retries) = channel();
/// let policy = RetryPolicy::builder()
///     .on_retry(move |event: &RetryEvent<'_, &str>| {
///         let _ = send.send((event.attempt, event.delay, event.error.map(|error| error.len())));
///     })
///     .build()?;
/// assert!(policy.call(|| async { Err::<(), _>("down") }).await.is_err());
/// assert_eq!(retries.try_iter().last(), Some((2, Duration::from_secs(2), Some(4))));
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a, E: ?Sized> {
    /// Number of the failed attempt, counted from 1.
    pub attempt: u32,
    /// Pause before the next attempt.
    pub delay: Duration,
    /// Error of the failed attempt, or `None` if the attempt returned an `Ok` that
    /// [`retry_if_ok`](crate::RetryBuilder::retry_if_ok) selects.
    pub error: Option<&'a E>,
}

/// A function of the user that receives an error or an `Ok` value.
type Function<P, R> = Arc<dyn Fn(&P) -> R + Send + Sync>;
type Hook<E> = Arc<dyn Fn(&RetryEvent<'_, E>) + Send + Sync>;

/// The user's functions in a retry policy, such as `retry_if`.
pub struct Rules<E: ?Sized, T: ?Sized> {
    pub(super) errors: ErrorRules<E>,
    pub(super) values: ValueRules<T>,
}

/// The user's functions in a retry policy that receive an error.
pub(crate) struct ErrorRules<E: ?Sized> {
    retry_if: Option<Function<E, bool>>,
    retry_after: Option<Function<E, Option<Duration>>>,
    cost: Option<Function<E, RetryCost>>,
    on_retry: Option<Hook<E>>,
}

/// The user's functions in a retry policy that receive an `Ok` value.
pub(crate) struct ValueRules<T: ?Sized> {
    retry_if_ok: Option<Function<T, bool>>,
    retry_after_ok: Option<Function<T, Option<Duration>>>,
    cost_ok: Option<Function<T, RetryCost>>,
}

impl Functions for ErrorRules<()> {
    type Of<E: ?Sized> = ErrorRules<E>;
}

impl Functions for ValueRules<()> {
    type Of<T: ?Sized> = ValueRules<T>;
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
    /// Sets the type of the errors that functions such as `retry_if` receive.
    pub(super) fn of_errors<X>(self) -> Rules<X, T>
    where
        E: Seen<X>,
    {
        Rules { errors: E::convert::<ErrorRules<()>>(self.errors), values: self.values }
    }

    /// Sets the type of the `Ok` values that functions such as `retry_if_ok` receive.
    pub(super) fn of_values<V>(self) -> Rules<E, V>
    where
        T: Seen<V>,
    {
        Rules { errors: self.errors, values: T::convert::<ValueRules<()>>(self.values) }
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
        Self { retry_if_ok: None, retry_after_ok: None, cost_ok: None }
    }
}

impl<T: ?Sized> Clone for ValueRules<T> {
    fn clone(&self) -> Self {
        let Self { retry_if_ok, retry_after_ok, cost_ok } = self;
        Self { retry_if_ok: retry_if_ok.clone(), retry_after_ok: retry_after_ok.clone(), cost_ok: cost_ok.clone() }
    }
}

/// Adds the user's function `second` to `slot`, a field of a retry policy such as `retry_if`. If the field already
/// contains a function, both functions are called, and `merge` computes one result from their two results.
fn add<P: ?Sized + 'static, R: 'static>(
    slot: &mut Option<Function<P, R>>,
    second: impl Fn(&P) -> R + Send + Sync + 'static,
    merge: impl Fn(R, &dyn Fn() -> R) -> R + Send + Sync + 'static,
) {
    *slot = Some(match slot.take() {
        None => Arc::new(second),
        Some(first) => Arc::new(move |seen: &P| merge(first(seen), &|| second(seen))),
    });
}

/// Returns the longer of two delays.
fn longer(first: Option<Duration>, second: &dyn Fn() -> Option<Duration>) -> Option<Duration> {
    first.max(second())
}

/// Returns the cost from the first of two functions. If this cost is the default, returns the cost from the second
/// function instead.
fn special(first: RetryCost, second: &dyn Fn() -> RetryCost) -> RetryCost {
    match first {
        RetryCost::Failure => second(),
        cost => cost,
    }
}

impl<E: ?Sized + 'static> ErrorRules<E> {
    pub(super) fn add_retry_if(&mut self, second: impl Fn(&E) -> bool + Send + Sync + 'static) {
        add(&mut self.retry_if, second, |first, second| first && second());
    }

    pub(super) fn add_retry_after(&mut self, second: impl Fn(&E) -> Option<Duration> + Send + Sync + 'static) {
        add(&mut self.retry_after, second, longer);
    }

    pub(super) fn add_cost(&mut self, second: impl Fn(&E) -> RetryCost + Send + Sync + 'static) {
        add(&mut self.cost, second, special);
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
        add(&mut self.retry_if_ok, second, |first, second| first || second());
    }

    pub(super) fn add_retry_after_ok(&mut self, second: impl Fn(&T) -> Option<Duration> + Send + Sync + 'static) {
        add(&mut self.retry_after_ok, second, longer);
    }

    pub(super) fn add_cost_ok(&mut self, second: impl Fn(&T) -> RetryCost + Send + Sync + 'static) {
        add(&mut self.cost_ok, second, special);
    }
}

impl<E: ?Sized> ErrorRules<E> {
    pub(super) fn has_cost(&self) -> bool {
        self.cost.is_some()
    }

    pub(super) fn has_retry_after(&self) -> bool {
        self.retry_after.is_some()
    }

    #[inline]
    pub(super) fn retry_if<X>(&self, error: &X) -> bool
    where
        E: Seen<X>,
    {
        self.retry_if.as_ref().is_none_or(|retry_if| E::see(error).is_none_or(|error| ask(retry_if, error)))
    }

    #[inline]
    pub(super) fn retry_after<X>(&self, error: &X) -> Option<Duration>
    where
        E: Seen<X>,
    {
        let (retry_after, error) = self.retry_after.as_ref().zip(E::see(error))?;
        ask(retry_after, error)
    }

    #[inline]
    pub(super) fn cost<X>(&self, error: &X) -> RetryCost
    where
        E: Seen<X>,
    {
        let Some((cost, error)) = self.cost.as_ref().zip(E::see(error)) else { return RetryCost::Failure };
        ask(cost, error)
    }

    /// Calls the user's function `on_retry`. `see` converts the error of the attempt to `E`, the error type of the
    /// user's function.
    #[inline]
    pub(super) fn on_retry<X>(&self, event: &RetryEvent<'_, X>, see: fn(&X) -> Option<&E>) {
        if let Some(on_retry) = &self.on_retry {
            call_hook(on_retry, event, see);
        }
    }
}

impl<T: ?Sized> ValueRules<T> {
    pub(super) fn has_retry_if_ok(&self) -> bool {
        self.retry_if_ok.is_some()
    }

    pub(super) fn has_retry_after_ok(&self) -> bool {
        self.retry_after_ok.is_some()
    }

    pub(super) fn has_cost_ok(&self) -> bool {
        self.cost_ok.is_some()
    }

    #[inline]
    pub(super) fn retry_if_ok<V>(&self, value: &V) -> bool
    where
        T: Seen<V>,
    {
        let Some(retry_if_ok) = &self.retry_if_ok else { return false };
        T::see(value).is_some_and(|value| ask(retry_if_ok, value))
    }

    pub(super) fn retry_after_ok<V>(&self, value: &V) -> Option<Duration>
    where
        T: Seen<V>,
    {
        let (retry_after_ok, value) = self.retry_after_ok.as_ref().zip(T::see(value))?;
        ask(retry_after_ok, value)
    }

    pub(super) fn cost_ok<V>(&self, value: &V) -> RetryCost
    where
        T: Seen<V>,
    {
        let Some((cost_ok, value)) = self.cost_ok.as_ref().zip(T::see(value)) else { return RetryCost::Failure };
        ask(cost_ok, value)
    }
}

/// Calls the user's function `on_retry`.
#[cold]
#[inline(never)]
fn call_hook<E: ?Sized, X>(on_retry: &Hook<E>, event: &RetryEvent<'_, X>, see: fn(&X) -> Option<&E>) {
    let event = RetryEvent { attempt: event.attempt, delay: event.delay, error: event.error.and_then(see) };
    aside(|| on_retry(&event));
}

/// Calls a function of the user. Not inlined, because the code of [`aside`] would slow down the calls of a policy
/// without such a function.
#[cold]
#[inline(never)]
fn ask<P: ?Sized, R>(function: &Function<P, R>, seen: &P) -> R {
    aside(|| function(seen))
}
