//! Lookup of breakers by their names.

use std::borrow::Borrow;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};

use crate::circuit::breaker::CircuitBreaker;

/// A breaker in a table by names. The name lies beside the state, so a comparison loads the memory that a call needs
/// next, and the table consists of pointers, small enough for the caches.
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

/// Leaves out the length with which the hash of a slice begins: it costs as much as the bytes of a short one.
///
/// The hash is the standard library's with random keys, so no caller can choose names that collide.
#[derive(Default)]
pub(crate) struct ByBytes(RandomState);

pub(crate) struct OfBytes(DefaultHasher);

impl BuildHasher for ByBytes {
    type Hasher = OfBytes;

    #[inline]
    fn build_hasher(&self) -> OfBytes {
        OfBytes(self.0.build_hasher())
    }
}

impl Hasher for OfBytes {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        self.0.write(bytes);
    }

    #[inline]
    fn write_usize(&mut self, _length: usize) {}

    #[inline]
    fn finish(&self) -> u64 {
        self.0.finish()
    }
}
