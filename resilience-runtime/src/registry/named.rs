//! Defines the key type and the hasher of a hash table that finds breakers by name.

use std::borrow::Borrow;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};

use crate::circuit::breaker::CircuitBreaker;

/// A breaker as the key of a hash table. Two keys are equal if the names of the breakers are equal. The table contains
/// only pointers, and is therefore small enough for the cache of the processor. A lookup reads the name inside the
/// breaker, and thereby loads the breaker into the cache for the call that follows.
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

/// Creates hashers of names, with the standard library's hash function and a random seed. Because of the random seed,
/// no caller can choose names with colliding hashes.
///
/// The hashers hash the bytes of a name, but not the length of the name. Hashing the length would take as much time as
/// hashing a short name.
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
