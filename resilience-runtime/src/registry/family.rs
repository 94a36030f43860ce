//! Implements families. A family contains the circuits of a name with a `key`: one circuit for each key.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::from_utf8;
use std::time::Duration;

use tracing::warn;

use crate::base::clock::Tick;
use crate::base::name::Name;
use crate::base::random;
use crate::base::sync::statics::{AtomicU32, AtomicU64, Ordering};
use crate::base::sync::{Arc, Mutex, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{MAX_KEYS, Options, Settings};
use crate::events::TARGET;
use crate::registry::key::{Key, Text};
use crate::registry::table::Table;

/// The circuits of one name by their keys, at most `max_keys` circuits. All these circuits have the same settings.
pub(crate) struct Family {
    name: &'static str,
    /// The parts of the family, each with a lock of its own. Threads with different keys therefore seldom wait for each
    /// other.
    shards: Box<[Shard]>,
    /// The hasher of the keys. Its seed is random, so no caller can choose keys that share a shard, or a slot in the
    /// table of a shard.
    hasher: RandomState,
    /// The number of circuits in all shards, including the circuits that a thread is about to insert.
    keys: AtomicU32,
    /// The upper limit of `keys`.
    max_keys: AtomicU32,
    /// The time of the last event `keys_full`, in nanoseconds (the bits of a [`Tick`]). This field is zero before the
    /// first event.
    warned: AtomicU64,
}

/// A part of a family: the settings for new circuits, and the table of the existing circuits. The alignment gives each
/// shard a cache line of its own, because threads lock neighbouring shards at the same time.
#[repr(align(64))]
struct Shard(Mutex<(Arc<Settings>, Table)>);

/// The number of keys for which a family has one shard. A family has `max_keys / 64` shards, at least 1 and at most 16.
/// An eviction compares the keys of one shard only, so a shard must not be too small.
const KEYS_OF_A_SHARD: u32 = 64;
const MOST_SHARDS: u32 = 16;

/// The shortest time between two events `keys_full` of one family.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

impl Family {
    pub(crate) fn new(name: &'static str, options: Options) -> Self {
        let settings = Settings::shared(options);
        let max_keys = options.max_keys.unwrap_or(MAX_KEYS);
        let shards = (max_keys / KEYS_OF_A_SHARD).clamp(1, MOST_SHARDS);
        let shard = |_| Shard(Mutex::new((settings.clone(), Table::default())));
        Self {
            name,
            shards: (0..shards).map(shard).collect(),
            hasher: RandomState::new(),
            keys: AtomicU32::new(0),
            max_keys: AtomicU32::new(max_keys),
            warned: AtomicU64::new(0),
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Changes the settings of all existing and future circuits, and the maximum number of keys. Evicts keys if their
    /// number is above the new maximum.
    pub(crate) fn apply(&self, options: Options) {
        let settings = Settings::shared(options);
        self.max_keys.store(options.max_keys.unwrap_or(MAX_KEYS), Ordering::Relaxed);
        for Shard(shard) in &self.shards {
            let (current, table) = &mut *lock(shard);
            table.iter().for_each(|breaker| breaker.apply(settings.clone()));
            *current = settings.clone();
        }
        while self.keys.load(Ordering::Relaxed) > self.max_keys.load(Ordering::Relaxed) && self.evict(0) {
            self.keys.fetch_sub(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn breaker<K: Key + ?Sized>(&self, key: &K) -> CircuitBreaker {
        let mut text = Text::of(key);
        let key = text.finish();
        let (shard, hash) = self.place(key);
        let found = lock(&self.shards[shard].0).1.find(hash, |it| self.key(it) == Some(key));
        found.unwrap_or_else(|| self.add(key, shard, hash))
    }

    /// Returns the circuit of a key, or `None` if the family does not contain the key. `key` is the full key, or the
    /// shortened text of a long key. This lookup does not count as a use of the key.
    pub(crate) fn get(&self, key: &str) -> Option<CircuitBreaker> {
        let get = |key: &[u8]| {
            let (shard, hash) = self.place(key);
            lock(&self.shards[shard].0).1.get(hash, |it| self.key(it) == Some(key))
        };
        get(key.as_bytes()).or_else(|| get(Text::of(key).finish()))
    }

    /// Calls `see` for every circuit, while no lock is held. A strong reference to a circuit exists only while `see`
    /// runs for this circuit. Strong references to all circuits at once would protect all keys from eviction.
    pub(crate) fn each(&self, see: &mut impl FnMut(&CircuitBreaker)) {
        for Shard(shard) in &self.shards {
            let circuits: Vec<_> = lock(shard).1.iter().map(CircuitBreaker::downgrade).collect();
            circuits.iter().filter_map(|find| find()).for_each(|circuit| see(&circuit));
        }
    }

    /// Creates the circuit of a new key. If the family is full and no key can be evicted, the new circuit is temporary
    /// and serves this call only.
    #[cold]
    fn add(&self, key: &[u8], shard: usize, hash: u32) -> CircuitBreaker {
        let has_place = self.take_place() || self.evict(shard);
        if !has_place {
            self.warn();
        }
        let (settings, table) = &mut *lock(&self.shards[shard].0);
        // Another thread may have inserted the same key since the lookup in the method `breaker`.
        if let Some(breaker) = table.find(hash, |it| self.key(it) == Some(key)) {
            if has_place {
                self.keys.fetch_sub(1, Ordering::Relaxed);
            }
            return breaker;
        }
        // The key is valid UTF-8, because `Text` contains whole characters only.
        let name = format!("{}[{}]", self.name, from_utf8(key).unwrap_or_default());
        let breaker = CircuitBreaker::one_of_many(Name::new(&name), settings.clone());
        if has_place {
            table.insert(hash, breaker.clone());
        }
        breaker
    }

    /// Adds one to the number of keys and returns true, or returns false if the family is full.
    fn take_place(&self) -> bool {
        let max = self.max_keys.load(Ordering::Relaxed);
        let more = |keys: u32| (keys < max).then_some(keys + 1);
        self.keys.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Evicts a key of this shard. If no key of this shard can be evicted, evicts a key of another shard. Returns
    /// whether a key was evicted. The caller inserts another key in the place of this key, or subtracts one from the
    /// number of keys.
    fn evict(&self, shard: usize) -> bool {
        let (before, after) = self.shards.split_at(shard);
        after.iter().chain(before).any(|Shard(shard)| {
            let evicted = lock(shard).1.evict((random::next() >> 32) as u32);
            evicted.is_some()
        })
    }

    /// Emits the event `keys_full`, at most once a minute for each family.
    fn warn(&self) {
        let (last, now) = (self.warned.load(Ordering::Relaxed), Tick::now());
        let is_due = last == 0 || now.since(Tick::from_bits(last)) >= BETWEEN_WARNINGS;
        let exchange = |now| self.warned.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        if is_due && exchange(now.to_bits()).is_ok() {
            let (name, max_keys) = (self.name.escape_debug(), self.max_keys.load(Ordering::Relaxed));
            warn!(name: "keys_full", target: TARGET, circuit = %name, max_keys, "keys_full");
        }
    }

    /// Returns the key of a circuit of this family. The circuit has the name `name[key]`.
    #[inline]
    fn key<'a>(&self, breaker: &'a CircuitBreaker) -> Option<&'a [u8]> {
        let name = breaker.label().as_bytes();
        name.get(self.name.len() + 1..name.len() - 1)
    }

    /// Returns the index of the key's shard, and the hash by which the table of the shard finds the key.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "takes the two halves of a hash")]
    fn place(&self, key: &[u8]) -> (usize, u32) {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        let hash = hasher.finish();
        ((hash >> 32) as usize % self.shards.len(), hash as u32)
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

    #[test]
    fn each_keeps_only_the_circuit_that_it_shows() {
        let family = Family::new("listed", Options { max_keys: Some(4), ..Options::NONE });
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
        let known = |key: &u32| family.get(&key.to_string()).is_some();
        let kept: Vec<_> = (0..4).filter(known).map(|key| format!("listed[{key}]")).collect();
        assert_eq!(kept, seen);
    }
}
