//! Shares equal values. Most circuits of a program have the same settings, so one copy serves them all.

use std::sync::{Mutex, PoisonError};

use crate::base::sync::Arc;

/// The four distinct values that were stored last. A small number keeps the search short.
pub(crate) struct Interner<T>(Mutex<[Option<Arc<T>>; 4]>);

impl<T: PartialEq> Interner<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new([const { None }; 4]))
    }

    /// Returns a stored value that equals this one, or stores it.
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
