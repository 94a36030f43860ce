//! Defines [`Interner`], which shares one `Arc` between equal values. Saves memory, because most circuits of a program
//! have equal settings.

use std::sync::{Mutex, PoisonError};

use crate::base::sync::Arc;

/// Stores only the four newest values, because each search compares the new value with all stored values.
pub(crate) struct Interner<T>(Mutex<[Option<Arc<T>>; 4]>);

impl<T: PartialEq> Interner<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new([const { None }; 4]))
    }

    /// Returns the stored value that equals `value`. If no stored value equals `value`, stores `value` and returns
    /// `value`.
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
