//! Defines [`Hook`], a function that is called before each pause.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

use std::fmt;

use crate::base::accepts::Seen;
use crate::base::noted::aside;
use crate::retry::rules::{ErrorRules, RetryEvent};

/// A function that is called before each pause, such as the user's function `on_retry`.
pub trait Hook<E> {
    fn call(self, event: &RetryEvent<'_, E>);
}

impl<E, F: FnOnce(&RetryEvent<'_, E>)> Hook<E> for F {
    fn call(self, event: &RetryEvent<'_, E>) {
        aside(|| self(event));
    }
}

#[derive(Debug)]
pub struct NoHook;

impl<E> Hook<E> for NoHook {
    fn call(self, _: &RetryEvent<'_, E>) {}
}

/// The function `on_retry` of a policy. `P` is the error type of the policy, and `E` is the error type of the call.
///
/// The struct has no bound on `P` and `E`. The compiler therefore checks only in `new` whether the policy accepts `E`.
pub struct PolicyHook<'r, P: ?Sized, E> {
    errors: &'r ErrorRules<P>,
    see: fn(&E) -> Option<&P>,
}

impl<'r, P: Seen<E> + ?Sized, E> PolicyHook<'r, P, E> {
    #[inline]
    pub(super) fn new(errors: &'r ErrorRules<P>) -> Self {
        Self { errors, see: P::see }
    }
}

impl<P: ?Sized, E> Hook<E> for PolicyHook<'_, P, E> {
    #[inline]
    fn call(self, event: &RetryEvent<'_, E>) {
        self.errors.on_retry(event, self.see);
    }
}

impl<P: ?Sized, E> fmt::Debug for PolicyHook<'_, P, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyHook").finish_non_exhaustive()
    }
}
