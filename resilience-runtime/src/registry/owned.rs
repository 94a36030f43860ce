//! Defines [`Owned`], a handle of a layer that belongs to one call of a decorated function.
#![allow(missing_docs)] // Items without docs belong to the hidden module `__private`.

/// A handle of a layer, such as a circuit. Each call creates its own handle. Without a handle, the call would borrow
/// the value of the user's expression (`with = ..`) while the body runs.
#[derive(Debug)]
pub struct Owned<T>(T);

impl<T: Clone> Owned<T> {
    pub fn new(layer: &T) -> Self {
        Self(layer.clone())
    }

    #[inline]
    pub(crate) fn of(layer: T) -> Self {
        Self(layer)
    }

    #[inline]
    pub fn get(&self) -> &T {
        &self.0
    }
}
