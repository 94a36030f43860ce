//! The text of an error, if its type has one.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::fmt::Display;
use std::ops::Deref;

/// A function that finds the text of an error: see [`Shown`].
pub trait Text<E>: for<'a> FnOnce(&'a E) -> Option<&'a dyn Display> {}

impl<E, F: for<'a> FnOnce(&'a E) -> Option<&'a dyn Display>> Text<E> for F {}

/// Finds the text of an error whose type shows one, without a bound.
///
/// `Shown::of(&error).__error()` is the method here if `E: Display`, and otherwise that of [`NotShown`]. No trait of the
/// user's for all types has its name: it would come before that of `NotShown`.
#[derive(Debug)]
pub struct Shown<'a, E>(&'a E);

#[derive(Debug)]
pub struct NotShown;

impl<'a, E> Shown<'a, E> {
    #[inline]
    pub fn of(error: &'a E) -> Self {
        Self(error)
    }
}

impl<'a, E: Display> Shown<'a, E> {
    #[inline]
    pub fn __error(&self) -> Option<&'a dyn Display> {
        Some(self.0)
    }
}

impl<E> Deref for Shown<'_, E> {
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
