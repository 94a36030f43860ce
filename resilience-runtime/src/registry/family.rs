//! Implements families. A family is the set of circuits with one name and the option `key`: one circuit for each key.

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::from_utf8;
use std::time::Duration;

use tracing::warn;

use crate::base::clock::{SKEW, Tick};
use crate::base::name::Name;
use crate::base::random;
use crate::base::sync::statics::{AtomicU32, AtomicU64, Ordering};
use crate::base::sync::{Arc, Mutex, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{MAX_KEYS, Options, Settings};
use crate::events::TARGET;
use crate::registry::key::{Key, Text};
use crate::registry::keys::Keys;

/// The set of circuits with one name and the option `key`. The set contains one circuit for each key, and at most
/// `max_keys` circuits. All circuits of the set have equal settings.
pub(crate) struct Family {
    name: &'static str,
    /// The circuits, divided into shards. Each shard has its own lock, so threads with different keys seldom wait for
    /// each other.
    shards: Box<[Shard]>,
    /// The hasher of the keys, with a random seed, so that no caller can choose keys with colliding hashes.
    hasher: RandomState,
    /// The number of circuits, including the circuits that a thread is about to insert.
    keys: AtomicU32,
    max_keys: AtomicU32,
    /// The time of the last event `keys_full`, in nanoseconds, stored as the result of `Tick::to_bits`. The field is
    /// zero before the first event `keys_full`.
    warned: AtomicU64,
}

/// A snapshot of the number of circuits with one name and the option `key`. [`get_stats`](crate::get_stats) returns
/// this snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FamilyStats {
    /// Number of circuits, one for each key.
    pub keys: u32,
    /// Maximum number of circuits, from the option `max_keys`.
    pub max_keys: u32,
}

impl FamilyStats {
    /// Returns the snapshot of a name before the first call. `options` are the options of the name.
    pub(crate) fn of(options: Options) -> Self {
        Self { keys: 0, max_keys: options.max_keys.unwrap_or(MAX_KEYS) }
    }
}

/// A shard is a part of a family (all circuits of one name with a key). A shard contains the settings for new circuits,
/// and the table of its existing circuits. The alignment gives each shard its own cache line, because several threads
/// may lock neighbouring shards at the same time.
#[repr(align(64))]
struct Shard(Mutex<(Arc<Settings>, Keys)>);

/// A family (the circuits of one name with a key) has `max_keys / 64` shards, at least 1 and at most 16. An eviction
/// (the removal of an idle circuit) usually compares only the circuits of one shard. If shards were smaller, an
/// eviction would compare too few circuits.
const KEYS_OF_A_SHARD: u32 = 64;
const MOST_SHARDS: u32 = 16;

/// The shortest time between two events `keys_full` for the circuits of one name.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

impl Family {
    pub(crate) fn new(name: &'static str, options: Options) -> Self {
        let settings = Settings::shared(options);
        let max_keys = options.max_keys.unwrap_or(MAX_KEYS);
        let shards = (max_keys / KEYS_OF_A_SHARD).clamp(1, MOST_SHARDS);
        let shard = |_| Shard(Mutex::new((settings.clone(), Keys::default())));
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

    pub(crate) fn stats(&self) -> FamilyStats {
        FamilyStats { keys: self.keys.load(Ordering::Relaxed), max_keys: self.max_keys.load(Ordering::Relaxed) }
    }

    /// Changes the settings of all existing and future circuits, and the maximum number of circuits. If the number of
    /// circuits is above the new maximum, evicts circuits.
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

    /// Returns the circuit of a key, or `None` if no circuit with this key exists. `key` is the full key, or the
    /// shortened text of a long key. This lookup does not count as a use of the circuit, and so does not delay an
    /// eviction of the circuit.
    pub(crate) fn get(&self, key: &str) -> Option<CircuitBreaker> {
        let get = |key: &[u8]| {
            let (shard, hash) = self.place(key);
            lock(&self.shards[shard].0).1.get(hash, |it| self.key(it) == Some(key))
        };
        get(key.as_bytes()).or_else(|| get(Text::of(key).finish()))
    }

    /// Calls `see` for every circuit. No lock is held while `see` runs. A strong reference to a circuit exists only
    /// while `see` runs for this circuit. Strong references to all circuits at once would protect all circuits from
    /// eviction.
    pub(crate) fn each(&self, see: &mut impl FnMut(&CircuitBreaker)) {
        for Shard(shard) in &self.shards {
            let mut next = Some(0);
            while let Some(from) = next {
                let (circuits, end) = lock(shard).1.step(from, CircuitBreaker::downgrade);
                circuits.iter().filter_map(|find| find()).for_each(|circuit| see(&circuit));
                next = end;
            }
        }
    }

    /// Creates the circuit of a new key. If `max_keys` circuits exist and no circuit can be evicted, the new circuit is
    /// temporary. A temporary circuit serves only the call that created it.
    #[cold]
    fn add(&self, key: &[u8], shard: usize, hash: u32) -> CircuitBreaker {
        let has_place = self.take_place() || self.evict(shard);
        if !has_place {
            self.warn();
        }
        let (settings, table) = &mut *lock(&self.shards[shard].0);
        // Another thread may have inserted a circuit for `key` after the method `breaker` searched for `key`.
        if let Some(breaker) = table.find(hash, |it| self.key(it) == Some(key)) {
            if has_place {
                self.keys.fetch_sub(1, Ordering::Relaxed);
            }
            return breaker;
        }
        // The bytes of `key` are valid UTF-8, because they come from a `Text`, which contains only whole characters.
        let name = format!("{}[{}]", self.name, from_utf8(key).unwrap_or_default());
        let breaker = CircuitBreaker::one_of_many(Name::new(&name), settings.clone());
        if has_place {
            table.insert(hash, breaker.clone());
        }
        breaker
    }

    /// Adds one to `keys` (the number of circuits) and returns true. If `max_keys` circuits exist already, returns
    /// false.
    fn take_place(&self) -> bool {
        let max = self.max_keys.load(Ordering::Relaxed);
        let more = |keys: u32| (keys < max).then_some(keys + 1);
        self.keys.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// Evicts one circuit from the shard (a part of the circuits) with the index `shard`. If all circuits of this shard
    /// are in use, evicts a circuit from a different shard. Returns true if a circuit was evicted. The field `keys`
    /// (the number of circuits) still includes the evicted circuit. The caller must therefore insert a new circuit or
    /// subtract one from `keys`.
    fn evict(&self, shard: usize) -> bool {
        let (before, after) = self.shards.split_at(shard);
        after.iter().chain(before).any(|Shard(shard)| {
            let evicted = lock(shard).1.evict((random::next() >> 32) as u32);
            evicted.is_some()
        })
    }

    /// Emits the event `keys_full`, at most once a minute for the circuits of one name. If the last event is more than
    /// [`SKEW`] ahead of now, its time comes from another clock, such as the paused clock of a test's runtime.
    fn warn(&self) {
        let (last, now) = (self.warned.load(Ordering::Relaxed), Tick::now());
        let (since, ahead) = (now.since(Tick::from_bits(last)), Tick::from_bits(last).since(now));
        let is_due = last == 0 || since >= BETWEEN_WARNINGS || ahead > SKEW;
        let exchange = |now| self.warned.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        if is_due && exchange(now.to_bits()).is_ok() {
            let (name, max_keys) = (self.name.escape_debug(), self.max_keys.load(Ordering::Relaxed));
            warn!(name: "keys_full", target: TARGET, circuit = %name, max_keys, "keys_full");
        }
    }

    /// Returns the key from the name of a circuit, which has the form `name[key]`.
    #[inline]
    fn key<'a>(&self, breaker: &'a CircuitBreaker) -> Option<&'a [u8]> {
        let [key @ .., _] = breaker.label().as_bytes().get(self.name.len() + 1..)? else { return None };
        Some(key)
    }

    /// Returns the index of the shard (a part of the circuits) for this key, and a hash of the key. The table of the
    /// shard finds the circuit by this hash.
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
    fn each_shows_every_circuit_once() {
        let family = Family::new("shown", Options { max_keys: Some(20_000), ..Options::NONE });
        (0..20_000).for_each(|key| drop(family.breaker(&key)));
        let mut seen = Vec::new();
        family.each(&mut |circuit| seen.push(circuit.name().to_owned()));
        let mut names: Vec<_> = (0..20_000).map(|key| format!("shown[{key}]")).collect();
        seen.sort_unstable();
        names.sort_unstable();
        assert!(seen == names);
    }

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
