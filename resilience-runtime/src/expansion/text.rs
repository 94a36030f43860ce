//! The text of an error, if its type has one.
#![allow(missing_docs)] // public items here are hidden in `__private`

use std::fmt::Display;
use std::ops::Deref;

/// A function that finds the text of an error: see [`Shown`].
pub trait Text<E>: for<'a> FnOnce(&'a E) -> Option<&'a dyn Display> {}

impl<E, F: for<'a> FnOnce(&'a E) -> Option<&'a dyn Display>> Text<E> for F {}

/// Finds the text of an error. The type of the error needs no bound.
///
/// `Shown::of(&error).__error()` is the method in this file if `E: Display`, and otherwise the method of [`NotShown`].
/// The method has an unusual name, because a user's trait with a method of this name would take precedence over
/// `NotShown`.
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
