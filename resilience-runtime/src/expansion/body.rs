//! Wraps the body of a function whose error type hides its sources.
#![allow(missing_docs)] // only the hidden module `__private` exports the public items
#![expect(clippy::unused_self, reason = "the compiler selects a method by the type of `self`")]

use std::error::Error;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::base::not_made::Noted;

/// A body with the outcome `R`.
///
/// The expansion calls `Body::<R>::new().__note(body)`. If [`Rejection`](crate::expansion::rejection::Rejection) can
/// search the error type of `R`, the method returns the body unchanged. Otherwise the method returns a [`Noted`] body,
/// which a call through a typed error need not pay for. The types and the selection of the method are those of `Rejection`.
#[derive(Debug)]
pub struct Body<R>(Boxed<R>);

#[derive(Debug)]
pub struct Boxed<R>(SendBoxed<R>);

#[derive(Debug)]
pub struct SendBoxed<R>(Opaque<R>);

#[derive(Debug)]
pub struct Opaque<R>(NoResult, PhantomData<fn() -> R>);

#[derive(Debug)]
pub struct NoResult;

impl<R> Body<R> {
    #[expect(clippy::new_without_default, reason = "used by expansions only")]
    #[inline]
    pub const fn new() -> Self {
        Self(Boxed(SendBoxed(Opaque(NoResult, PhantomData))))
    }
}

impl<T, E: Error> Body<Result<T, E>> {
    #[inline]
    pub fn __note<F: Future<Output = Result<T, E>>>(&self, body: F) -> F {
        body
    }
}

impl<'e, T, E: AsRef<dyn Error + 'e>> Boxed<Result<T, E>> {
    #[inline]
    pub fn __note<F: Future<Output = Result<T, E>>>(&self, body: F) -> F {
        body
    }
}

impl<'e, T, E: AsRef<dyn Error + Send + Sync + 'e>> SendBoxed<Result<T, E>> {
    #[inline]
    pub fn __note<F: Future<Output = Result<T, E>>>(&self, body: F) -> F {
        body
    }
}

impl<T, E> Opaque<Result<T, E>> {
    #[inline]
    pub fn __note<F: Future<Output = Result<T, E>>>(&self, body: F) -> Noted<F> {
        Noted::new(body)
    }
}

/// Suits an outcome that is no `Result`. Another function of the expansion reports the mistake.
impl NoResult {
    #[inline]
    pub fn __note<F>(&self, body: F) -> F {
        body
    }
}

impl<R> Deref for Body<R> {
    type Target = Boxed<R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<R> Deref for Boxed<R> {
    type Target = SendBoxed<R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<R> Deref for SendBoxed<R> {
    type Target = Opaque<R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<R> Deref for Opaque<R> {
    type Target = NoResult;

    fn deref(&self) -> &NoResult {
        &self.0
    }
}
