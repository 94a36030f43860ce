//! Circuits that share a name and settings, one for each key.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use crate::base::sync::{Arc, Mutex, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{MAX_KEYS, Settings};
use crate::registry::key::{Key, Text};
use crate::registry::table::Shard;

/// The circuits of one name by their keys, at most so many.
pub(crate) struct Family {
    name: &'static str,
    /// Several, so that threads with different keys seldom wait for each other.
    shards: Box<[Mutex<Shard>]>,
    /// The seed of the hash that selects a shard, so that no caller can choose keys of one shard.
    secret: u64,
}

impl Family {
    pub(crate) fn new(name: &'static str, settings: &Arc<Settings>, max_keys: Option<u32>) -> Self {
        let most = max_keys.unwrap_or(MAX_KEYS) as usize;
        // Few keys need no more than one, and none that is left over by rounding.
        let shards = (most / 64).clamp(1, 16);
        let shard = || Mutex::new(Shard::new(settings.clone(), most / shards));
        Self { name, shards: (0..shards).map(|_| shard()).collect(), secret: RandomState::new().hash_one(name) | 1 }
    }

    pub(crate) fn apply(&self, settings: &Arc<Settings>, max_keys: Option<u32>) {
        let most = max_keys.unwrap_or(MAX_KEYS) as usize;
        for shard in &self.shards {
            lock(shard).apply(settings, most / self.shards.len());
        }
    }

    pub(crate) fn breaker<K: Key + ?Sized>(&self, key: &K) -> CircuitBreaker {
        let mut text = Text::new();
        text.push(self.name.as_bytes());
        text.push(b"[");
        key.write(&mut text);
        text.push(b"]");
        let name = text.as_bytes();
        let mut shard = lock(self.shard(name));
        shard.find(name).unwrap_or_else(|| shard.add(name))
    }

    /// The circuit of this whole name, if its key is known.
    pub(crate) fn get(&self, name: &str) -> Option<CircuitBreaker> {
        lock(self.shard(name.as_bytes())).get(name.as_bytes()).cloned()
    }

    /// Passes every circuit to `see`, without a lock and one at a time. Holding them all would make each look used, and a
    /// rotation at that moment would keep them in the place of new ones.
    pub(crate) fn each(&self, see: &mut impl FnMut(&CircuitBreaker)) {
        for shard in &self.shards {
            let circuits: Vec<_> = lock(shard).all().map(CircuitBreaker::downgrade).collect();
            circuits.iter().filter_map(|find| find()).for_each(|circuit| see(&circuit));
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "of a hash any part will do")]
    fn shard(&self, name: &[u8]) -> &Mutex<Shard> {
        // Folded products, as wyhash has them: a fraction of the price of the hash within, and good enough to spread.
        let fold = |hash: u64, word: [u8; 8]| {
            let product = u128::from(hash ^ u64::from_le_bytes(word)) * u128::from(self.secret);
            (product ^ (product >> 64)) as u64
        };
        // The last eight bytes may overlap with those before; a name that is shorter has seven at most.
        let mut short = [0; 8];
        let last = name.last_chunk().copied().unwrap_or_else(|| {
            short[..name.len()].copy_from_slice(name);
            short
        });
        let words = name.chunks_exact(8).map(|chunk| chunk.try_into().unwrap_or_default());
        let hash = fold(words.fold(self.secret, fold), last);
        &self.shards[hash as usize % self.shards.len()]
    }
}

impl fmt::Debug for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;
    use crate::circuit::settings::Options;

    #[test]
    fn who_lists_the_keys_keeps_none_but_the_one_it_looks_at() {
        let family = Family::new("listed", &Settings::shared(Options::NONE), Some(4));
        for key in 0..4 {
            family.breaker(&key);
        }
        let mut seen = Vec::new();
        family.each(&mut |circuit| {
            if seen.is_empty() {
                for key in 10..14 {
                    family.breaker(&key);
                }
            }
            seen.push(circuit.name().to_owned());
        });
        let known = |name: &String| family.get(name).is_some();
        let kept: Vec<_> = (0..4).map(|key| format!("listed[{key}]")).filter(known).collect();
        assert_eq!(kept, seen);
    }
}
