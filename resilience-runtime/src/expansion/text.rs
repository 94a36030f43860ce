//! Finds the text of an error, if the type of the error implements `Display`.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::fmt::Display;
use std::ops::Deref;

/// A function that returns an error as `dyn Display`, or `None` if the type of the error does not implement `Display`.
/// In the generated code, this function is a closure that evaluates `Shown::of(&error).__error()`.
pub trait Text<E>: for<'a> FnOnce(&'a E) -> Option<&'a dyn Display> {}

impl<E, F: for<'a> FnOnce(&'a E) -> Option<&'a dyn Display>> Text<E> for F {}

/// Finds the text of an error of any type. If the error type implements `Display`, the expression
/// `Shown::of(&error).__error()` calls the method `__error` of `Shown`. For any other error type, the compiler
/// dereferences `Shown`, and the expression calls the method `__error` of [`NotShown`]. A method `__error` of a user's
/// trait would take precedence over the method of `NotShown`. The underscores make this name clash unlikely.
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
