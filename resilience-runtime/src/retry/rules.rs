//! Defines [`RetryRules`], the trait of the user's functions that decide about retries.

use std::time::Duration;

use crate::retry::budget::RetryCost;

/// Describes a retry. The function that [`RetryBuilder::on_retry`](crate::RetryBuilder::on_retry) sets receives this
/// value before the pause of the retry.
#[derive(Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a, E> {
    /// Number of the failed attempt, counted from 1.
    pub attempt: u32,
    /// Pause before the next attempt.
    pub delay: Duration,
    /// Error of the failed attempt. The field is `None` if [`retry_if_ok`](crate::RetryBuilder::retry_if_ok) selects an
    /// `Ok` value for the retry.
    pub error: Option<&'a E>,
}

/// The user's functions in a [`RetryPolicy`](crate::RetryPolicy), for attempts that return `Result<T, E>`.
///
/// A [`RetryBuilder`](crate::RetryBuilder) wraps each function of the user in a type that implements this trait. The
/// trait is sealed, so only this crate can implement it. If a function has a parameter of the type `RetryPolicy<impl
/// RetryRules<T, E>>`, the function accepts every policy for attempts that return `Result<T, E>`.
pub trait RetryRules<T, E>: sealed::Sealed {
    /// Returns whether to retry after this error. Default: true.
    fn retry_if(&self, error: &E) -> bool {
        let _ = error;
        true
    }

    /// Returns whether to retry after this `Ok` value. Default: false.
    fn retry_if_ok(&self, value: &T) -> bool {
        let _ = value;
        false
    }

    /// Returns the delay that the error asks for. The pause before the next attempt is at least as long as this delay.
    /// Default: `None`.
    fn retry_after(&self, error: &E) -> Option<Duration> {
        let _ = error;
        None
    }

    /// Returns the cost of a retry after this error. Default: [`RetryCost::Failure`].
    fn cost(&self, error: &E) -> RetryCost {
        let _ = error;
        RetryCost::Failure
    }

    /// Receives the event of each retry before the pause of this retry. Default: does nothing.
    fn on_retry(&self, event: &RetryEvent<'_, E>) {
        let _ = event;
    }
}

mod sealed {
    pub trait Sealed {}
}

/// The rules of a [`RetryPolicy`](crate::RetryPolicy) for which the user has set no function. A policy with these rules
/// retries after every error.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct AnyError;

impl sealed::Sealed for AnyError {}
impl<T, E> RetryRules<T, E> for AnyError {}

/// Combines two implementations of [`RetryRules`]. An error is retried if both implementations permit the retry. An
/// `Ok` value is retried if at least one implementation asks for the retry. If both implementations return a delay, the
/// longer delay applies.
#[derive(Clone, Copy, Debug)]
pub struct Both<A, B>(pub(super) A, pub(super) B);

impl<A: sealed::Sealed, B: sealed::Sealed> sealed::Sealed for Both<A, B> {}
impl<T, E, A: RetryRules<T, E>, B: RetryRules<T, E>> RetryRules<T, E> for Both<A, B> {
    fn retry_if(&self, error: &E) -> bool {
        self.0.retry_if(error) && self.1.retry_if(error)
    }

    fn retry_if_ok(&self, value: &T) -> bool {
        self.0.retry_if_ok(value) || self.1.retry_if_ok(value)
    }

    fn retry_after(&self, error: &E) -> Option<Duration> {
        self.0.retry_after(error).max(self.1.retry_after(error))
    }

    /// Returns the cost from the first implementation. If the first cost is the default, [`RetryCost::Failure`],
    /// returns the cost from the second implementation.
    fn cost(&self, error: &E) -> RetryCost {
        match self.0.cost(error) {
            RetryCost::Failure => self.1.cost(error),
            cost => cost,
        }
    }

    fn on_retry(&self, event: &RetryEvent<'_, E>) {
        self.0.on_retry(event);
        self.1.on_retry(event);
    }
}

/// Defines a type that wraps one function. The type implements one method of [`RetryRules`], which calls the function.
macro_rules! rule {
    ($name:ident, $function:ident: ($argument:ident: $type:ty) $(-> $answer:ty)?) => {
        #[derive(Clone, Copy, Debug)]
        pub struct $name<F>(pub(super) F);

        impl<F> sealed::Sealed for $name<F> {}
        impl<T, E, F: Fn($type) $(-> $answer)?> RetryRules<T, E> for $name<F> {
            fn $function(&self, $argument: $type) $(-> $answer)? {
                (self.0)($argument)
            }
        }
    };
}

rule!(RetryIf, retry_if: (error: &E) -> bool);
rule!(RetryIfOk, retry_if_ok: (value: &T) -> bool);
rule!(RetryAfter, retry_after: (error: &E) -> Option<Duration>);
rule!(Cost, cost: (error: &E) -> RetryCost);
rule!(OnRetry, on_retry: (event: &RetryEvent<'_, E>));
