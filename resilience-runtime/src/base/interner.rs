//! Values of which a program has many that are equal: what its circuits go by, and what was written about them.

use std::sync::{Mutex, PoisonError};

use crate::base::sync::Arc;

/// Those that were shared last, and no more of them, so that the search ends soon.
pub(crate) struct Newest<T>(Mutex<[Option<Arc<T>>; 4]>);

impl<T: PartialEq> Newest<T> {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new([const { None }; 4]))
    }

    /// This value, as one that is equal and known already.
    pub(crate) fn share(&self, value: T) -> Arc<T> {
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
