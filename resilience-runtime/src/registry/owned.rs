//! Defines [`Owned`], a handle that one call of a decorated function holds.
#![allow(missing_docs)] // Only the hidden module `__private` exports the items without docs.

/// A clone of a layer, such as a circuit. Each call clones the layer, because a reference would borrow from the user's
/// expression (`with = ..`) while the body runs.
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
