//! Implements the table of the circuits with the option `key`, and the eviction of idle circuits.

use std::cmp::Reverse;

use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::state::Phase;
use crate::registry::table::Table;

/// Some of the circuits of one name with the option `key`.
#[derive(Default)]
pub(crate) struct Keys {
    /// The value of each circuit is the number of lookups and insertions at the last use of the circuit, modulo 2^32.
    table: Table<u32>,
    /// The number of lookups and insertions, modulo 2^32. After 2^32 lookups of other circuits, an unused circuit
    /// therefore looks like a circuit that was just used.
    lookups: u32,
}

/// The number of idle circuits (circuits that no call uses) that an eviction compares. If none of the compared circuits
/// is closed, the eviction visits further slots until the eviction finds a closed circuit. The total number of visited
/// slots is at most [`MOST_VISITED`].
const SAMPLE: usize = 16;
/// The maximum number of slots that an eviction (the removal of an idle circuit) visits. If the option `max_keys` is at
/// most 1,000, a table practically never has more than 256 slots. An eviction may then visit all slots of the table.
const MOST_VISITED: usize = 256;

/// The rank of an idle circuit (a circuit that no call uses) in an eviction (the removal of an idle circuit). Circuits
/// with the smallest rank (`Closed`) are evicted first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Closed,
    /// The circuit is open or half-open.
    Open,
    /// The circuit is forced open or disabled.
    Manual,
}

impl Keys {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &CircuitBreaker> {
        self.table.iter()
    }

    /// Lists some of the circuits, as [`Table::step`] does.
    pub(crate) fn step<V>(&self, from: u32, view: impl Fn(&CircuitBreaker) -> V) -> (Vec<V>, Option<u32>) {
        self.table.step(from, view)
    }

    /// Returns the circuit whose key has this hash and for which `is_it` returns true. The lookup counts as a use of
    /// the circuit.
    #[inline]
    pub(crate) fn find(&mut self, hash: u32, is_it: impl Fn(&CircuitBreaker) -> bool) -> Option<CircuitBreaker> {
        let (place, breaker) = self.table.find(hash, is_it)?;
        self.lookups = self.lookups.wrapping_add(1);
        *self.table.value_mut(place) = self.lookups;
        Some(breaker)
    }

    /// Returns the circuit whose key has this hash and for which `is_it` returns true. In contrast to
    /// [`find`](Self::find), this lookup does not count as a use of the circuit.
    pub(crate) fn get(&self, hash: u32, is_it: impl Fn(&CircuitBreaker) -> bool) -> Option<CircuitBreaker> {
        Some(self.table.find(hash, is_it)?.1)
    }

    /// Inserts a circuit. The table must not already contain a circuit with the key of this circuit.
    pub(crate) fn insert(&mut self, hash: u32, breaker: CircuitBreaker) {
        self.lookups = self.lookups.wrapping_add(1);
        self.table.insert(hash, breaker, self.lookups);
    }

    /// Evicts one circuit of a random sample, and returns the evicted circuit. Returns `None` if all visited circuits
    /// are in use. The evicted circuit has the smallest [`Rank`] in the sample. If several circuits have the smallest
    /// rank, the least recently used of these circuits is evicted. `draw` is a random number that determines the slot
    /// at which the sample starts.
    pub(crate) fn evict(&mut self, draw: u32) -> Option<CircuitBreaker> {
        let (mut best, mut sampled) = (None, 0);
        for (place, slot) in self.table.places(draw).take(MOST_VISITED) {
            let Some((rank, used)) = slot.and_then(|(breaker, used)| Some((rank(breaker)?, used))) else { continue };
            let idle = self.lookups.wrapping_sub(*used);
            let candidate = (rank, Reverse(idle), place);
            best = Some(best.map_or(candidate, |best| candidate.min(best)));
            sampled += 1;
            if sampled >= SAMPLE && best.is_some_and(|(rank, ..)| rank == Rank::Closed) {
                break;
            }
        }
        self.table.remove(best?.2)
    }
}

/// Returns `None` if a call, or a handle outside the table, uses the circuit.
fn rank(breaker: &CircuitBreaker) -> Option<Rank> {
    if breaker.is_in_use() {
        return None;
    }
    Some(match breaker.phase() {
        Phase::Closed { .. } => Rank::Closed,
        Phase::Open { .. } | Phase::HalfOpen | Phase::Full { .. } => Rank::Open,
        Phase::ForcedOpen { .. } | Phase::Disabled { .. } => Rank::Manual,
    })
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::name::Name;
    use crate::base::random;
    use crate::circuit::settings::{Options, Settings};

    /// Compares the table with a set of keys after random insertions and evictions. A small number of distinct hashes
    /// causes many collisions, and therefore long sequences of used slots.
    #[test]
    fn random_insertions_and_evictions_agree_with_a_set() {
        for hashes in [1, 2, 7, 1000, u32::MAX] {
            let settings = Settings::shared(Options::NONE);
            let (mut table, mut model) = (Keys::default(), BTreeSet::new());
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
                    let evicted = table.evict((random::nth(2, n) >> 32) as u32).unwrap();
                    assert!(model.remove(&name(&evicted)));
                }
                assert!(table.iter().map(name).collect::<BTreeSet<_>>() == model);
                assert!(model.iter().all(|number| table.get(hash(*number), |it| name(it) == *number).is_some()));
            }
        }
    }
}
