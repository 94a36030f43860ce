use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use crate::breaker::CircuitBreaker;

/// A breaker in a table in which it is found by its name. The name lies beside the state, so whoever has compared it has
/// the memory at hand that a call needs next, and the table itself is pointers, small enough for the caches.
pub(crate) struct Named(pub(crate) CircuitBreaker);

impl Borrow<[u8]> for Named {
    fn borrow(&self) -> &[u8] {
        self.0.label().as_bytes()
    }
}

impl Hash for Named {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.label().hash(state);
    }
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.0.label() == other.0.label()
    }
}

impl Eq for Named {}
