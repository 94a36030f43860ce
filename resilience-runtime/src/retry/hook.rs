//! Defines [`Hook`], a function that is called before each pause.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use crate::retry::rules::RetryEvent;

/// A function that is called before each pause, such as the user's function `on_retry`.
pub trait Hook<E> {
    fn call(self, event: &RetryEvent<'_, E>);
}

impl<E, F: FnOnce(&RetryEvent<'_, E>)> Hook<E> for F {
    fn call(self, event: &RetryEvent<'_, E>) {
        self(event);
    }
}

#[derive(Debug)]
pub struct NoHook;

impl<E> Hook<E> for NoHook {
    fn call(self, _: &RetryEvent<'_, E>) {}
}
