//! Implements families. A family is the set of layers with one name and the option `key`: one layer for each key. A
//! layer is a circuit, a bulkhead or a rate limit.

use std::borrow::Cow;
#[cfg(feature = "serde")]
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::str::from_utf8;
use std::time::Duration;

use crate::base::clock::{SKEW, Tick};
use crate::base::name::Name;
use crate::base::random;
use crate::base::sums::Sums;
use crate::base::sync::statics::{AtomicU32, AtomicU64, Ordering};
use crate::base::sync::{Mutex, OnceLock, lock, lock_std};
use crate::registry::key::{Key, Text};
#[cfg(feature = "serde")]
use crate::registry::key::{LONGEST, is_shortened};
use crate::registry::keys::{Keyed, Keys, Rank};

/// The set of layers with one name and the option `key`. The set contains one layer for each key, and at most
/// `max_keys` layers. All layers of the set have equal settings.
pub(crate) struct Family<E: Keyed> {
    name: Cow<'static, str>,
    /// The layers, divided into shards. Each shard has its own lock, so threads with different keys seldom wait for
    /// each other.
    shards: Box<[Shard<E>]>,
    /// The hasher of the keys. Its random seed prevents callers from choosing keys with colliding hashes.
    hasher: RandomState,
    /// The number of layers, including the layers that a thread is about to insert.
    keys: AtomicU32,
    max_keys: AtomicU32,
    /// The layer that all new keys share while `max_keys` layers are in use, see [`Keyed::IS_SHARED_BEYOND`].
    beyond: OnceLock<E>,
    /// The time of the last event `keys_full`, as the result of `Tick::to_bits`, or zero before the first event.
    warned: AtomicU64,
    history: std::sync::Mutex<History<E::Sums>>,
}

/// The totals that the metrics still need after layers are evicted (removed).
#[derive(Default)]
struct History<S> {
    /// The totals of all evicted layers.
    evicted: S,
    /// The largest totals that [`Family::sums`] has returned.
    returned: S,
}

/// Contains the current and the maximum number of layers with one name and the option `key`.
/// [`get_stats`](crate::get_stats) and [`KeyedCircuits::stats`](crate::KeyedCircuits::stats) return this value.
///
/// ```
/// use resilience_runtime::KeyedCircuits;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let shards = KeyedCircuits::builder("shard").max_keys(50).build()?;
/// shards.get(1);
/// shards.get(2);
/// assert_eq!((shards.stats().keys, shards.stats().max_keys), (2, 50));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FamilyStats {
    /// Number of layers, one for each key.
    pub keys: u32,
    /// Maximum number of layers, from the option `max_keys`.
    pub max_keys: u32,
}

impl FamilyStats {
    /// Returns the statistics of a family that has no layers yet.
    pub(crate) fn of(max_keys: u32) -> Self {
        Self { keys: 0, max_keys }
    }
}

/// A part of a family. The alignment gives each shard its own cache line, because several threads may lock neighbouring
/// shards at the same time.
#[repr(align(64))]
struct Shard<E: Keyed> {
    /// The settings for new layers, and the table of existing layers.
    layers: Mutex<(E::Settings, Keys<E>)>,
    /// The lock of a thread that adds a key to this shard. Another thread with the same key waits, and then finds the
    /// layer. Without this lock, the other thread could evict the new layer, or find no place for its key.
    adding: Mutex<()>,
}

/// A family has `max_keys / 64` shards, at least 1 and at most 16. An eviction (the removal of an idle layer) usually
/// compares layers of only one shard, so smaller shards would offer too few candidates.
const KEYS_OF_A_SHARD: u32 = 64;
const MOST_SHARDS: u32 = 16;

/// The key in the name of the layer that all new keys share while `max_keys` layers are in use. A call with the key
/// `…` uses this layer, too. Otherwise, two layers would have the same name.
const BEYOND: &str = "…";

/// The shortest time between two events `keys_full` for the layers of one name.
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

impl<E: Keyed> Family<E> {
    pub(crate) fn new(name: Cow<'static, str>, settings: &E::Settings, max_keys: u32) -> Self {
        let shards = (max_keys / KEYS_OF_A_SHARD).clamp(1, MOST_SHARDS);
        let layers = || Mutex::new((settings.clone(), Keys::default()));
        let shard = |_| Shard { layers: layers(), adding: Mutex::new(()) };
        Self {
            name,
            shards: (0..shards).map(shard).collect(),
            hasher: RandomState::new(),
            keys: AtomicU32::new(0),
            max_keys: AtomicU32::new(max_keys),
            beyond: OnceLock::new(),
            warned: AtomicU64::new(0),
            history: std::sync::Mutex::default(),
        }
    }

    pub(crate) fn name(&self) -> &Cow<'static, str> {
        &self.name
    }

    pub(crate) fn stats(&self) -> FamilyStats {
        FamilyStats { keys: self.keys.load(Ordering::Relaxed), max_keys: self.max_keys.load(Ordering::Relaxed) }
    }

    /// Changes the settings of all existing and future layers, and the maximum number of layers. If too many layers
    /// exist, evicts idle layers.
    pub(crate) fn apply(&self, settings: &E::Settings, max_keys: u32) {
        self.max_keys.store(max_keys, Ordering::Relaxed);
        for Shard { layers, .. } in &self.shards {
            let (current, table) = &mut *lock(layers);
            table.iter().for_each(|entry| entry.apply(settings));
            *current = settings.clone();
        }
        if let Some(beyond) = self.beyond.get() {
            beyond.apply(settings);
        }
        // Starts each eviction in the next shard. If every eviction started in the first shard, the first shards would
        // lose all their layers, including layers that were just used.
        let mut shards = (0..self.shards.len()).cycle();
        while shards.next().is_some_and(|shard| self.shrink(shard)) {}
    }

    /// Returns the layer of a key, and creates the layer if it does not exist.
    pub(crate) fn of<K: Key + ?Sized>(&self, key: &K) -> E {
        let mut text;
        let key = match Text::borrow(key) {
            Some(key) => key,
            None => {
                text = Text::of(key);
                text.finish()
            }
        };
        let (shard, hash) = self.place(key);
        let found = lock(&self.shards[shard].layers).1.find(hash, |it| self.key(it) == Some(key));
        found.unwrap_or_else(|| self.add(key, shard, hash))
    }

    /// Returns the layer of a key, or `None` if no layer with this key exists. This lookup does not count as a use of
    /// the layer, so it does not delay an eviction.
    pub(crate) fn find<K: Key + ?Sized>(&self, key: &K) -> Option<E> {
        self.get(Text::of(key).finish())
    }

    /// Works like [`find`](Self::find), but also accepts the text that a layer's name shows in brackets. For a long
    /// key, this text is a shortened form of the key.
    pub(crate) fn find_text(&self, key: &str) -> Option<E> {
        self.get(key.as_bytes()).or_else(|| self.find(key))
    }

    fn get(&self, key: &[u8]) -> Option<E> {
        let (shard, hash) = self.place(key);
        lock(&self.shards[shard].layers).1.get(hash, |it| self.key(it) == Some(key))
    }

    /// Returns an iterator over the layers of all keys. If the field `beyond` contains a layer, which several keys
    /// share, this layer is the last element.
    pub(crate) fn iter(&self) -> impl Iterator<Item = E> + '_ {
        self.of_keys().chain(self.beyond.get().cloned())
    }

    /// Returns an iterator over the layers in the shards. The iterator holds no lock while the caller uses an element.
    /// The iterator creates a strong reference to a layer only when it returns this layer. Strong references to all
    /// layers at once would protect all layers from eviction.
    fn of_keys(&self) -> impl Iterator<Item = E> + '_ {
        self.shards.iter().flat_map(|Shard { layers, .. }| {
            let mut next = Some(0);
            let steps = std::iter::from_fn(move || {
                let (some, end) = lock(layers).1.step(next?, E::downgrade);
                next = end;
                Some(some)
            });
            steps.flatten().filter_map(|weak| E::upgrade(&weak))
        })
    }

    /// Returns the totals of all layers, including evicted layers. Also calls `see` with each existing layer and its
    /// totals.
    ///
    /// The returned totals never decrease from call to call. If a layer is evicted during the iteration, the new sum
    /// may lack the totals of this layer. The function therefore returns the largest value so far of each total.
    pub(crate) fn sums(&self, mut see: impl FnMut(&E, &E::Sums)) -> E::Sums {
        let mut all = lock_std(&self.history).evicted.clone();
        for layer in self.iter() {
            let sums = layer.sums();
            see(&layer, &sums);
            all.add(&sums);
        }
        let returned = &mut lock_std(&self.history).returned;
        returned.raise(&all);
        returned.clone()
    }

    /// Calls `keep` with the layer of each key, and returns a map from the keys to the states that `keep` returned.
    /// Leaves out long keys, because each process shortens a long key to a different text.
    #[cfg(feature = "serde")]
    pub(crate) fn kept_keys<K>(&self, keep: impl Fn(&E) -> Option<K>) -> BTreeMap<String, K> {
        let state = |layer: E| {
            let key = self.key(&layer).filter(|key| !is_shortened(key))?;
            Some((from_utf8(key).ok()?.to_owned(), keep(&layer)?))
        };
        self.of_keys().filter_map(state).collect()
    }

    /// Creates the layer of each key in `states`, and restores the state of the layer with `give`. If the number of
    /// keys exceeds `max_keys`, prefers the states for which `is_first` returns true. Drops a state if no layer can be
    /// created for its key, and returns the number of dropped states.
    #[cfg(feature = "serde")]
    pub(crate) fn restore<K>(
        &self,
        states: &BTreeMap<String, K>,
        give: impl Fn(&E, &K),
        is_first: impl Fn(&K) -> bool,
    ) -> usize {
        let (first, others): (Vec<_>, Vec<_>) = states.iter().partition(|(_, kept)| is_first(kept));
        let mut dropped = 0;
        for (key, kept) in first.into_iter().chain(others) {
            match self.of_text(key.as_bytes()) {
                Some(layer) => give(&layer, kept),
                None => dropped += 1,
            }
        }
        dropped
    }

    /// Returns the layer of the key with this text, and creates the layer if it does not exist. Returns `None` instead
    /// of a new layer if `max_keys` layers exist already. Also returns `None` if a key with this text never has its own
    /// layer. Such a text is too long, or looks like a shortened key, or is [`BEYOND`] (the key of a shared layer).
    #[cfg(feature = "serde")]
    fn of_text(&self, key: &[u8]) -> Option<E> {
        let is_key = key.len() <= LONGEST && !is_shortened(key) && !is_beyond::<E>(key);
        let (shard, hash) = self.place(key);
        let _adding = lock(&self.shards[shard].adding);
        let add = || self.take_place().then(|| self.add_to_place(key, shard, hash, true));
        is_key.then(|| self.get(key).or_else(add)).flatten()
    }

    /// Creates the layer of a new key. If `max_keys` layers exist and none can be evicted, the key shares a layer with
    /// other keys, or gets a temporary layer for one call.
    #[cold]
    fn add(&self, key: &[u8], shard: usize, hash: u32) -> E {
        let adding = lock(&self.shards[shard].adding);
        // Another thread may have added the key after the method `of` searched for it.
        let found = lock(&self.shards[shard].layers).1.find(hash, |it| self.key(it) == Some(key));
        if let Some(layer) = found {
            return layer;
        }
        let is_beyond = is_beyond::<E>(key);
        let has_place = !is_beyond && (self.take_place() || self.evict(shard));
        if has_place {
            self.shrink(shard);
        }
        let layer = self.add_to_place(key, shard, hash, has_place);
        // Releases the lock before the event, because a subscriber may call a function with the same key.
        drop(adding);
        if !has_place && !is_beyond {
            self.warn();
        }
        layer
    }

    /// Creates the layer of a new key. The caller holds the lock `adding` of the shard. If `has_place` is true, the
    /// field `keys` already counts the layer. Otherwise, the table has no place for the layer. The key then shares a
    /// layer with other keys, or gets a temporary layer.
    fn add_to_place(&self, key: &[u8], shard: usize, hash: u32, has_place: bool) -> E {
        let (settings, table) = &mut *lock(&self.shards[shard].layers);
        if !has_place && E::IS_SHARED_BEYOND {
            let create = || E::create(Name::new(&format!("{}[{BEYOND}]", self.name)), settings);
            return self.beyond.get_or_init(create).clone();
        }
        // The conversion cannot fail, because `key` is always valid UTF-8.
        let name = format!("{}[{}]", self.name, from_utf8(key).unwrap_or_default());
        let entry = E::create(Name::new(&name), settings);
        if has_place {
            table.insert(hash, entry.clone());
        }
        entry
    }

    /// Increments the field `keys` and returns true, or returns false if `max_keys` layers exist already.
    fn take_place(&self) -> bool {
        let max = self.max_keys.load(Ordering::Relaxed);
        let more = |keys: u32| (keys < max).then_some(keys + 1);
        self.keys.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    /// If more than `max_keys` layers exist, evicts one idle layer. Returns whether a layer was evicted. Too many
    /// layers exist if `max_keys` became smaller while calls used the layers. Each new key then evicts two layers and
    /// adds one layer.
    fn shrink(&self, shard: usize) -> bool {
        let max = self.max_keys.load(Ordering::Relaxed);
        let fewer = |keys: u32| (keys > max).then(|| keys - 1);
        if self.keys.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer).is_err() {
            return false;
        }
        let is_evicted = self.evict(shard);
        if !is_evicted {
            self.keys.fetch_add(1, Ordering::Relaxed);
        }
        is_evicted
    }

    /// Evicts one layer, and returns true. Returns false if all visited layers are in use. The search visits all
    /// shards, and begins in the shard with the index `shard`. If no shard has an idle layer of the smallest [`Rank`]
    /// (order of eviction), the search begins again with the next rank. The field `keys` still counts the evicted
    /// layer. The caller must therefore insert a new layer or decrement `keys`.
    fn evict(&self, shard: usize) -> bool {
        let (before, after) = self.shards.split_at(shard);
        [Rank::Fresh, Rank::Used, Rank::Manual].into_iter().any(|most| {
            after.iter().chain(before).any(|Shard { layers, .. }| {
                let evicted = lock(layers).1.evict((random::next_of_thread() >> 32) as u32, most);
                evicted.is_some_and(|layer| {
                    lock_std(&self.history).evicted.add(&layer.sums());
                    true
                })
            })
        })
    }

    /// Emits the event `keys_full`, at most once a minute for this family. Ignores the time of the last event if this
    /// time is more than one second ([`SKEW`]) in the future. Such a time comes from another clock, such as the paused
    /// clock of a test.
    fn warn(&self) {
        let (last, now) = (self.warned.load(Ordering::Relaxed), Tick::now());
        let (since, ahead) = (now.since(Tick::from_bits(last)), Tick::from_bits(last).since(now));
        let is_due = last == 0 || since >= BETWEEN_WARNINGS || ahead > SKEW;
        let exchange = |now| self.warned.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        if is_due && exchange(now.to_bits()).is_ok() {
            E::keys_full(&self.name, self.max_keys.load(Ordering::Relaxed));
        }
    }

    /// Returns the key in the name of a layer. The name has the form `name[key]`.
    #[inline]
    fn key<'a>(&self, entry: &'a E) -> Option<&'a [u8]> {
        let [key @ .., _] = entry.label().as_bytes().get(self.name.len() + 1..)? else { return None };
        Some(key)
    }

    /// Returns the index of the shard for this key, and the hash by which the table of this shard finds the layer.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "takes the two halves of a hash")]
    fn place(&self, key: &[u8]) -> (usize, u32) {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(key);
        let hash = hasher.finish();
        ((hash >> 32) as usize % self.shards.len(), hash as u32)
    }
}

/// Returns true if this key is [`BEYOND`], and several keys can share a layer of the type `E`. The key then always uses
/// the shared layer.
fn is_beyond<E: Keyed>(key: &[u8]) -> bool {
    E::IS_SHARED_BEYOND && key == BEYOND.as_bytes()
}

impl<E: Keyed> fmt::Debug for Family<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Family").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;
    use crate::circuit::breaker::CircuitBreaker;
    use crate::circuit::options::Options;
    use crate::circuit::settings::Settings;

    fn family(name: &'static str, max_keys: u32) -> Family<CircuitBreaker> {
        Family::new(name.into(), &Settings::shared(Options::NONE), max_keys)
    }

    #[test]
    fn iter_shows_every_circuit_once() {
        let family = family("shown", 20_000);
        (0..20_000).for_each(|key| drop(family.of(&key)));
        let mut seen: Vec<_> = family.iter().map(|circuit| circuit.name().to_owned()).collect();
        let mut names: Vec<_> = (0..20_000).map(|key| format!("shown[{key}]")).collect();
        seen.sort_unstable();
        names.sort_unstable();
        assert!(seen == names);
    }

    #[test]
    fn sums_do_not_decrease_if_circuits_are_evicted_during_the_iteration() {
        let family = family("summed", 4);
        for key in 0..4 {
            family.of(&key).try_acquire().unwrap().success();
        }
        assert_eq!(family.sums(|_, _| ()).calls[0], 4);
        let mut seen = 0;
        let sums = family.sums(|_, _| {
            seen += 1;
            for key in 10..20 {
                family.of(&key);
            }
        });
        assert_eq!((seen, sums.calls[0]), (1, 4), "three circuits were evicted before the iteration reached them");
        assert_eq!(family.sums(|_, _| ()).calls[0], 4);
    }

    #[test]
    fn iter_keeps_only_the_circuit_that_it_shows() {
        let family = family("listed", 4);
        for key in 0..4 {
            family.of(&key);
        }
        let mut seen = Vec::new();
        for circuit in family.iter() {
            if seen.is_empty() {
                for key in 10..14 {
                    family.of(&key);
                }
            }
            seen.push(circuit.name().to_owned());
        }
        let known = |key: &i32| family.find(key).is_some();
        let kept: Vec<_> = (0..4).filter(known).map(|key| format!("listed[{key}]")).collect();
        assert_eq!(kept, seen);
    }
}
