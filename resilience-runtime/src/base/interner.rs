//! Stores equal values once, and shares them by `Arc`. Saves memory, because most circuits of a program have the same
//! settings.

use std::sync::{Mutex, PoisonError};

use crate::base::sync::Arc;

/// Stores the four values that were added last. Stores no more, because each search compares them one by one.
pub(crate) struct Interner<T>(Mutex<[Option<Arc<T>>; 4]>);

impl<T: PartialEq> Interner<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new([const { None }; 4]))
    }

    /// Returns the stored value that equals `value`. If there is none, stores `value` and returns it.
    pub(crate) fn intern(&self, value: T) -> Arc<T> {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match newest.iter().flatten().find(|known| ***known == value) {
            Some(known) => known.clone(),
            None => {
                newest.rotate_right(1);
                newest[0].insert(Arc::new(value)).clone()
            }
        }
    }
}
