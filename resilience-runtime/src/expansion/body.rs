//! Wraps the body of a function whose error type gives no access to the sources of an error.
#![allow(missing_docs)] // only the hidden module `__private` exports the public items
#![expect(clippy::unused_self, reason = "the compiler selects a method by the type of `self`")]

use std::error::Error;
use std::future::Future;
use std::marker::PhantomData;
use std::ops::Deref;

use crate::base::not_made::Noted;

/// Selects whether the body of a function is wrapped. `R` is the return type of the function.
///
/// The generated code calls `Body::<R>::new().__note(body)`. If the generated code can search the sources of an error
/// of `R`, the method `__note` returns the body unchanged. For any other error type, the method wraps the body in a
/// `Noted`. A `Noted` finds out the kind of an error at run time, which costs time in each poll.
///
/// `Body` dereferences to `Boxed`, `Boxed` to `SendBoxed`, `SendBoxed` to `Opaque`, and `Opaque` to `NoResult`. The
/// compiler selects the first of these five types whose method `__note` accepts `R`.
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

/// Applies to a return type that is not a `Result`. The method `__note` then returns the body unchanged, because
/// another part of the generated code reports the wrong return type to the user.
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
