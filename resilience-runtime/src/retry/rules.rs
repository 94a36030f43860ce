//! What the user's functions have to say about an attempt.

use std::time::Duration;

use crate::retry::budget::RetryCost;

/// What a retry tells before it sleeps: see [`RetryBuilder::on_retry`](crate::RetryBuilder::on_retry).
#[derive(Debug)]
#[non_exhaustive]
pub struct RetryEvent<'a, E> {
    /// Which attempt has failed, counted from 1.
    pub attempt: u32,
    /// The pause that follows.
    pub delay: Duration,
    /// The error of the attempt; none after an `Ok` that is worth another attempt.
    pub error: Option<&'a E>,
}

/// What a [`RetryPolicy`](crate::RetryPolicy) asks about an attempt that came to `Ok(T)` or `Err(E)`.
///
/// Sealed: the functions that are given to a [`RetryBuilder`](crate::RetryBuilder) make one. A bound of this kind stands
/// for any policy that suits a function: `RetryPolicy<impl RetryRules<T, E>>`.
pub trait RetryRules<T, E>: sealed::Sealed {
    /// Whether the error is worth another attempt.
    fn retry_if(&self, error: &E) -> bool {
        let _ = error;
        true
    }

    /// Whether the value is worth another attempt.
    fn retry_if_ok(&self, value: &T) -> bool {
        let _ = value;
        false
    }

    /// How long to wait at least, as the error says.
    fn retry_after(&self, error: &E) -> Option<Duration> {
        let _ = error;
        None
    }

    /// What a retry after the error costs a budget.
    fn cost(&self, error: &E) -> RetryCost {
        let _ = error;
        RetryCost::Failure
    }

    /// Learns that another attempt follows.
    fn on_retry(&self, event: &RetryEvent<'_, E>) {
        let _ = event;
    }
}

mod sealed {
    pub trait Sealed {}
}

/// The rules of a [`RetryPolicy`](crate::RetryPolicy) that was given none: every error is worth another attempt.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct AnyError;

impl sealed::Sealed for AnyError {}
impl<T, E> RetryRules<T, E> for AnyError {}

/// Both rules: each may object to an attempt or ask for one, the longer wait counts, and both are told.
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

    /// The first word that differs from the ordinary one.
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

/// A rule with one function of the user's.
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
