//! Implements a table of layers with the option `key`: circuits, bulkheads or rate limits. The table can evict a layer
//! that no call uses.

use std::cmp::Reverse;

use crate::base::name::Name;
use crate::base::sums::Sums;
use crate::registry::table::Table;

/// A layer of one key: a circuit, a bulkhead or a rate limit.
pub(crate) trait Keyed: Clone + Send + Sync + 'static {
    /// The settings that the layers of all keys share.
    type Settings: Clone + Send + Sync;
    /// A weak reference to a layer, which does not protect the layer from eviction.
    type Weak: Send + Sync;
    /// The totals of one or several layers, for the metrics.
    type Sums: Sums;
    /// Whether all new keys share one layer while `max_keys` layers are in use. If false, each call with a new key gets
    /// a temporary layer.
    const IS_SHARED_BEYOND: bool;

    fn create(name: Name, settings: &Self::Settings) -> Self;
    fn apply(&self, settings: &Self::Settings);
    fn label(&self) -> &Name;
    /// Returns whether a handle of the layer exists outside the table. Each call holds such a handle.
    fn is_in_use(&self) -> bool;
    fn downgrade(&self) -> Self::Weak;
    fn upgrade(weak: &Self::Weak) -> Option<Self>;

    fn sums(&self) -> Self::Sums;

    /// Returns the rank of this idle layer in an eviction.
    fn rank(&self) -> Rank;

    fn keys_full(name: &str, max_keys: u32);
}

/// One shard of a family: some of the layers with one name and the option `key`.
pub(crate) struct Keys<E> {
    /// The layers of this shard, each with the value of `lookups` at its last use.
    table: Table<E, u32>,
    /// The number of lookups and insertions. The number wraps around, so an unused layer looks recently used after 2^32
    /// lookups of other layers.
    lookups: u32,
}

/// The number of idle layers that an eviction compares. If none of them is [`Fresh`](Rank::Fresh) (like a new layer),
/// the eviction continues until it finds a fresh layer, or has visited [`MOST_VISITED`] slots.
const SAMPLE: usize = 16;
/// The maximum number of slots that an eviction visits. With a `max_keys` of at most 1,000, practically every table has
/// at most 256 slots, so an eviction can visit all of them.
const MOST_VISITED: usize = 256;

/// The rank of an idle layer (a layer that no call uses). An eviction prefers the smallest rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// The layer admits the next call, like a new layer.
    Fresh,
    /// The layer restricts the next calls: a circuit is open, or the burst of a rate limit is not full.
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

    /// Lists the layers in one range of hashes, see [`Table::step`].
    pub(crate) fn step<V>(&self, from: u32, view: impl Fn(&E) -> V) -> (Vec<V>, Option<u32>) {
        self.table.step(from, view)
    }

    /// Returns the layer with this hash for which `is_it` returns true. The lookup counts as a use of the layer.
    #[inline]
    pub(crate) fn find(&mut self, hash: u32, is_it: impl Fn(&E) -> bool) -> Option<E> {
        let (place, entry) = self.table.find(hash, is_it)?;
        self.lookups = self.lookups.wrapping_add(1);
        *self.table.value_mut(place) = self.lookups;
        Some(entry)
    }

    /// Works like [`find`](Self::find), but the lookup does not count as a use of the layer.
    pub(crate) fn get(&self, hash: u32, is_it: impl Fn(&E) -> bool) -> Option<E> {
        Some(self.table.find(hash, is_it)?.1)
    }

    /// Inserts a layer. The table must not already contain a layer with the same key.
    pub(crate) fn insert(&mut self, hash: u32, entry: E) {
        self.lookups = self.lookups.wrapping_add(1);
        self.table.insert(hash, entry, self.lookups);
    }

    /// Evicts one layer of a random sample, and returns this layer. The sample contains idle layers with a rank of at
    /// most `most`. Returns `None` if the sample is empty. Evicts the layer with the smallest [`Rank`]. If several
    /// layers have the smallest rank, evicts the least recently used of these layers. The random number `draw` selects
    /// the slot at which the sample starts.
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
    use crate::circuit::options::Options;
    use crate::circuit::settings::Settings;

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
