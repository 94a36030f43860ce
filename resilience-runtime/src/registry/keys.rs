//! Implements a table of circuits, bulkheads or rate limits with the option `key`. The table evicts entries that no
//! call uses. In the comments of this file, a layer is a circuit, a bulkhead or a rate limit.

use std::cmp::Reverse;

use crate::base::name::Name;
use crate::base::sums::Sums;
use crate::registry::table::Table;

/// A layer that belongs to one key.
pub(crate) trait Keyed: Clone + Send + Sync + 'static {
    /// The settings that the layers of all keys share.
    type Settings: Clone + Send + Sync;
    /// A reference to a layer that does not protect the layer from eviction.
    type Weak: Send + Sync;
    /// The totals of one or several layers, which the metrics show.
    type Sums: Sums;
    /// Whether the keys beyond `max_keys` share one layer. Otherwise, each call with a key beyond `max_keys` gets a
    /// temporary layer of its own.
    const IS_SHARED_BEYOND: bool;

    fn create(name: Name, settings: &Self::Settings) -> Self;
    fn apply(&self, settings: &Self::Settings);
    fn label(&self) -> &Name;
    /// Returns whether a call, or a handle outside the table, uses the layer.
    fn is_in_use(&self) -> bool;
    fn downgrade(&self) -> Self::Weak;
    fn upgrade(weak: &Self::Weak) -> Option<Self>;

    /// Returns the totals of the layer.
    fn sums(&self) -> Self::Sums;

    /// Returns the rank of an idle layer in an eviction.
    fn rank(&self) -> Rank;

    /// Emits the event `keys_full`.
    fn keys_full(name: &str, max_keys: u32);
}

/// One shard of a family: some of the layers with one name and the option `key`.
pub(crate) struct Keys<E> {
    /// The layers of this shard. For each layer, the table contains the value of `lookups` at the last use of the
    /// layer.
    table: Table<E, u32>,
    /// The number of lookups and insertions, modulo 2^32. After 2^32 lookups of other layers, an unused layer
    /// therefore looks like a layer that was just used.
    lookups: u32,
}

/// The number of idle layers (layers that no call uses) that an eviction compares. If none of the compared layers is
/// [`Fresh`](Rank::Fresh), the eviction visits further slots until it finds a fresh layer. The total number of visited
/// slots is at most [`MOST_VISITED`].
const SAMPLE: usize = 16;
/// The maximum number of slots that an eviction (the removal of an idle layer) visits. If the option `max_keys` is at
/// most 1,000, a table practically never has more than 256 slots. An eviction may then visit all slots of the table.
const MOST_VISITED: usize = 256;

/// The rank of an idle layer (a layer that no call uses). An eviction removes the layers with the smallest rank
/// (`Fresh`) first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// The layer admits calls as a new layer would.
    Fresh,
    /// The layer remembers earlier calls: a circuit is open or half-open, or the burst of a rate limit is not full.
    Used,
    /// The circuit is forced open or disabled.
    Manual,
}

impl<E> Default for Keys<E> {
    fn default() -> Self {
        Self { table: Table::default(), lookups: 0 }
    }
}

impl<E: Keyed> Keys<E> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &E> {
        self.table.iter()
    }

    /// Lists some of the layers, as [`Table::step`] does.
    pub(crate) fn step<V>(&self, from: u32, view: impl Fn(&E) -> V) -> (Vec<V>, Option<u32>) {
        self.table.step(from, view)
    }

    /// Returns the layer whose key has this hash and for which `is_it` returns true. The lookup counts as a use of
    /// the layer.
    #[inline]
    pub(crate) fn find(&mut self, hash: u32, is_it: impl Fn(&E) -> bool) -> Option<E> {
        let (place, entry) = self.table.find(hash, is_it)?;
        self.lookups = self.lookups.wrapping_add(1);
        *self.table.value_mut(place) = self.lookups;
        Some(entry)
    }

    /// Returns the layer whose key has this hash and for which `is_it` returns true. In contrast to
    /// [`find`](Self::find), this lookup does not count as a use of the layer.
    pub(crate) fn get(&self, hash: u32, is_it: impl Fn(&E) -> bool) -> Option<E> {
        Some(self.table.find(hash, is_it)?.1)
    }

    /// Inserts a layer. The table must not already contain a layer with the key of this layer.
    pub(crate) fn insert(&mut self, hash: u32, entry: E) {
        self.lookups = self.lookups.wrapping_add(1);
        self.table.insert(hash, entry, self.lookups);
    }

    /// Evicts one layer of a random sample, and returns the evicted layer. Returns `None` if all visited layers
    /// are in use. The evicted layer has the smallest [`Rank`] in the sample. If several layers have the smallest
    /// rank, the least recently used of these layers is evicted. `draw` is a random number that determines the slot
    /// at which the sample starts. Leaves out the layers with a rank above `most`.
    pub(crate) fn evict(&mut self, draw: u32, most: Rank) -> Option<E> {
        let (mut best, mut sampled) = (None, 0);
        for (place, slot) in self.table.places(draw).take(MOST_VISITED) {
            let idle = slot.filter(|(entry, _)| !entry.is_in_use()).map(|(entry, used)| (entry.rank(), used));
            let Some((rank, used)) = idle.filter(|(rank, _)| *rank <= most) else { continue };
            let idle = self.lookups.wrapping_sub(*used);
            let candidate = (rank, Reverse(idle), place);
            best = Some(best.map_or(candidate, |best| candidate.min(best)));
            sampled += 1;
            if sampled >= SAMPLE && best.is_some_and(|(rank, ..)| rank == Rank::Fresh) {
                break;
            }
        }
        self.table.remove(best?.2)
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::random;
    use crate::circuit::breaker::CircuitBreaker;
    use crate::circuit::settings::{Options, Settings};

    /// Compares the table with a set of keys after random insertions and evictions. A small number of distinct hashes
    /// causes many collisions, and therefore long sequences of used slots.
    #[test]
    fn random_insertions_and_evictions_agree_with_a_set() {
        for hashes in [1, 2, 7, 1000, u32::MAX] {
            let settings = Settings::shared(Options::NONE);
            let (mut table, mut model) = (Keys::<CircuitBreaker>::default(), BTreeSet::new());
            for n in 0..3000 {
                let hash =
                    |number: u64| ((random::nth(1, number) >> 32) as u32 % hashes).wrapping_mul(u32::MAX / hashes);
                let number = random::nth(u64::from(hashes), n) % 100;
                let name = |breaker: &CircuitBreaker| breaker.name().parse::<u64>().unwrap();
                assert_eq!(table.find(hash(number), |it| name(it) == number).is_some(), model.contains(&number));
                if model.insert(number) {
                    let breaker = CircuitBreaker::one_of_many(Name::new(&number.to_string()), settings.clone());
                    table.insert(hash(number), breaker);
                }
                if model.len() > 60 {
                    let evicted = table.evict((random::nth(2, n) >> 32) as u32, Rank::Manual).unwrap();
                    assert!(model.remove(&name(&evicted)));
                }
                assert!(table.iter().map(name).collect::<BTreeSet<_>>() == model);
                assert!(model.iter().all(|number| table.get(hash(*number), |it| name(it) == *number).is_some()));
            }
        }
    }
}
