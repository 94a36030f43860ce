//! Generates random numbers, for example for the pauses of a retry. The numbers are predictable, and must not be used
//! for secrets.

use std::cell::Cell;
use std::hash::{BuildHasher, Hasher, RandomState};

#[cfg(feature = "test-util")]
use crate::base::scope::{Scope, scoped};
#[cfg(feature = "test-util")]
use crate::base::sync::statics::{AtomicU64, Ordering};

/// Returns the n-th number of the `SplitMix64` generator that starts with `seed`.
///
/// The generator is described in *Fast splittable pseudorandom number generators* by Steele, Lea and Flood (OOPSLA
/// 2014).
pub(crate) fn nth(seed: u64, n: u64) -> u64 {
    let z = seed.wrapping_add(n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Returns the next random number. In an isolated test, the number comes from the generator of the test.
pub(crate) fn next() -> u64 {
    #[cfg(feature = "test-util")]
    if Scope::current().is_some() {
        return Seeded::of_test().next();
    }
    next_of_thread()
}

/// Works like [`next`], but never uses the generator of an isolated test. If the number of draws depends on random
/// hashes, the caller must use this function. Otherwise, later numbers of the test would differ from run to run.
pub(crate) fn next_of_thread() -> u64 {
    thread_local! {
        /// The seed of this thread's generator, and the count of random numbers returned so far.
        static DRAWN: Cell<Option<(u64, u64)>> = const { Cell::new(None) };
    }
    // Takes the seed from a `RandomState`, the only source of random numbers in the standard library.
    let (seed, n) = DRAWN.get().unwrap_or_else(|| (RandomState::new().build_hasher().finish(), 0));
    DRAWN.set(Some((seed, n.wrapping_add(1))));
    nth(seed, n.wrapping_add(1))
}

/// The random number generator of an isolated test. Each run of the test draws the same numbers.
#[cfg(feature = "test-util")]
#[derive(Default)]
pub(crate) struct Seeded {
    seed: AtomicU64,
    drawn: AtomicU64,
}

#[cfg(feature = "test-util")]
impl Seeded {
    /// Returns the generator of the current isolated test.
    pub(crate) fn of_test() -> &'static Self {
        static OUTSIDE: Seeded = Seeded { seed: AtomicU64::new(0), drawn: AtomicU64::new(0) };
        scoped(&OUTSIDE, Self::default)
    }

    /// Restarts the generator with `seed`.
    pub(crate) fn begin(&self, seed: u64) {
        self.seed.store(seed, Ordering::Relaxed);
        self.drawn.store(0, Ordering::Relaxed);
    }

    fn next(&self) -> u64 {
        nth(self.seed.load(Ordering::Relaxed), self.drawn.fetch_add(1, Ordering::Relaxed).wrapping_add(1))
    }
}

/// Converts 64 random bits to a number of at least 0 and less than 1.
pub(crate) fn unit(bits: u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let bits = (bits >> 11) as f64;
    bits * (f64::EPSILON / 2.0) // 2^-53
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_match_reference() {
        // The first three numbers that Sebastiano Vigna's program `splitmix64.c` returns for the seed 1234567.
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([1, 2, 3].map(|n| nth(1_234_567, n)), expected);
    }

    #[test]
    fn unit_is_less_than_one() {
        assert_eq!(unit(0).to_bits(), 0);
        assert!(unit(u64::MAX) < 1.0);
        assert_ne!(next(), next());
    }
}
