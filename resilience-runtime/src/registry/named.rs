//! The lookup of breakers by their names.

use std::borrow::Borrow;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};

use crate::circuit::breaker::CircuitBreaker;

/// An entry of a table of breakers by name. A lookup compares the name inside the breaker, which loads the memory that
/// the call needs next. The table contains pointers only, so it fits in the caches.
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

/// Skips the length of the slice, because hashing it costs as much as hashing a short name.
///
/// The standard library's hash with a random seed. No caller can choose names that collide.
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
