//! Finds the rejection by another function's circuit in an error.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::error::Error;
use std::ops::Deref;

use crate::circuit::error::NotCalled;

/// Returns whether a rejection is among the sources of an error, given the first of them.
#[inline]
fn is_rejection(source: Option<&(dyn Error + 'static)>) -> bool {
    source.is_some_and(holds_rejection)
}

fn holds_rejection(source: &(dyn Error + 'static)) -> bool {
    // A ring of sources must not hang the call.
    const DEEPEST: usize = 64;
    std::iter::successors(Some(source), |error: &&(dyn Error + 'static)| (*error).source())
        .take(DEEPEST)
        .any(<dyn Error>::is::<NotCalled>)
}

/// Finds a rejection in the error of an outcome, without a bound.
///
/// `Rejection::of(&outcome).__found()` is the first method below that suits the type of the error; each is one dereference
/// behind the previous one. Four kinds of errors need four types, because inherent methods of one type must not overlap.
/// A trait for references of different depth would need one type, but the expansion would have to import that trait.
#[derive(Debug)]
pub struct Rejection<'a, R>(Boxed<'a, R>);

#[derive(Debug)]
pub struct Boxed<'a, R>(SendBoxed<'a, R>);

#[derive(Debug)]
pub struct SendBoxed<'a, R>(&'a R, Opaque);

#[derive(Debug)]
pub struct Opaque;

impl<'a, R> Rejection<'a, R> {
    #[inline]
    pub fn of(outcome: &'a R) -> Self {
        Self(Boxed(SendBoxed(outcome, Opaque)))
    }
}

impl<T, E: Error> Rejection<'_, Result<T, E>> {
    pub fn __found(&self) -> bool {
        self.0.0.0.as_ref().is_err_and(|error| is_rejection(error.source()))
    }
}

/// Suits `Box<dyn Error>`. The error may borrow; its sources cannot.
impl<'e, T, E: AsRef<dyn Error + 'e>> Boxed<'_, Result<T, E>> {
    pub fn __found(&self) -> bool {
        self.0.0.as_ref().is_err_and(|error| is_rejection(error.as_ref().source()))
    }
}

/// Suits `Box<dyn Error + Send + Sync>` and `anyhow::Error`.
impl<'e, T, E: AsRef<dyn Error + Send + Sync + 'e>> SendBoxed<'_, Result<T, E>> {
    pub fn __found(&self) -> bool {
        self.0.as_ref().is_err_and(|error| is_rejection(error.as_ref().source()))
    }
}

impl Opaque {
    #[expect(clippy::unused_self, reason = "a method, as the others are")]
    #[inline]
    pub fn __found(&self) -> bool {
        false
    }
}

impl<'a, R> Deref for Rejection<'a, R> {
    type Target = Boxed<'a, R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<'a, R> Deref for Boxed<'a, R> {
    type Target = SendBoxed<'a, R>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<R> Deref for SendBoxed<'_, R> {
    type Target = Opaque;

    fn deref(&self) -> &Self::Target {
        &self.1
    }
}
