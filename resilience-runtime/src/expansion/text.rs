//! The text of the error in an outcome, if its type has one.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::fmt::Display;
use std::ops::Deref;

/// The text of the error in an outcome, where its type shows one: see [`Shown`].
pub trait Text<R>: for<'a> FnOnce(&'a R) -> Option<&'a dyn Display> {}

impl<R, F: for<'a> FnOnce(&'a R) -> Option<&'a dyn Display>> Text<R> for F {}

/// Finds the text of an error whose type shows one, without a bound: `Shown::of(&outcome).__error()` is the method
/// here where `E: Display`, and that of [`NotShown`] elsewhere. No trait of the user's for all types has its name: it would
/// come before that of `NotShown`.
#[derive(Debug)]
pub struct Shown<'a, R>(&'a R);

#[derive(Debug)]
pub struct NotShown;

impl<'a, R> Shown<'a, R> {
    #[inline]
    pub fn of(outcome: &'a R) -> Self {
        Self(outcome)
    }
}

impl<'a, T, E: Display> Shown<'a, Result<T, E>> {
    #[inline]
    pub fn __error(&self) -> Option<&'a dyn Display> {
        self.0.as_ref().err().map(|error| error as &dyn Display)
    }
}

impl<R> Deref for Shown<'_, R> {
    type Target = NotShown;

    fn deref(&self) -> &NotShown {
        &NotShown
    }
}

impl NotShown {
    #[inline]
    pub fn __error(&self) -> Option<&'static dyn Display> {
        None
    }
}
