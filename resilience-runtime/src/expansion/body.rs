//! Wraps the body of a decorated function, so that a circuit or a retry can detect the rejection of a call that the
//! body makes. This detection works for errors of any type, including types that do not implement `Error::source`.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::base::noted::{Changes, Noted, NotedCall, note_run};

/// Wraps the body of a function whose return type `R` is a `Result`.
///
/// The generated code calls `Body::<R>::new().__note(body)`. If `R` is a `Result`, the method `__note` wraps the body
/// in a `Noted`. A `Noted` stores whether a returned error is a rejection, an expired deadline or another error. If `R`
/// is another type, the compiler selects the method of `NoResult`, which returns the body unchanged. Another part of
/// the generated code then causes the compile error that the function must return a `Result`.
#[derive(Debug)]
pub struct Body<R>(NoResult, PhantomData<fn() -> R>);

#[derive(Debug)]
pub struct NoResult;

impl<R> Body<R> {
    #[expect(clippy::new_without_default, reason = "used by expansions only")]
    #[inline]
    pub const fn new() -> Self {
        Self(NoResult, PhantomData)
    }

    /// Infers the return type `R` from `_body`, the future of the function's body. The generated code calls this
    /// function if the signature does not show `R`.
    #[inline]
    pub fn of<F: Future<Output = R>>(_body: &F) -> Self {
        Self::new()
    }
}

impl<T, E> Body<Result<T, E>> {
    #[inline]
    pub fn __note<F: Future<Output = Result<T, E>>>(&self, body: F) -> Noted<F> {
        Noted::new(body)
    }

    /// Works like [`__note`](Self::__note), for the future of a fallback function. `changes` are the changes of the
    /// thread's counters of errors during the call of this function.
    #[inline]
    pub fn __note_call<F: Future<Output = Result<T, E>>>(&self, body: F, changes: Changes) -> NotedCall<F> {
        NotedCall::new(changes, body)
    }

    /// Works like [`__note`](Self::__note), for the body of a function that is not `async`.
    #[inline]
    pub fn __note_blocking(&self, body: impl FnOnce() -> Result<T, E>) -> impl FnOnce() -> Result<T, E> {
        move || note_run(body)
    }
}

impl NoResult {
    #[inline]
    pub fn __note<F>(&self, body: F) -> F {
        body
    }

    #[inline]
    pub fn __note_call<F>(&self, body: F, _changes: Changes) -> F {
        body
    }

    #[inline]
    pub fn __note_blocking<F>(&self, body: F) -> F {
        body
    }
}

impl<R> Deref for Body<R> {
    type Target = NoResult;

    fn deref(&self) -> &NoResult {
        &self.0
    }
}
