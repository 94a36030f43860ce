//! Implements a hash table for the circuits of one name with the option `key`. The table finds the circuit of a key,
//! and evicts idle circuits. The circuits of one name are divided into shards, and each shard has a table and a lock.
//!
//! The table resolves collisions by linear probing. When an entry is removed, later entries move toward the empty slot.
//! The table therefore needs no tombstones: marks that tell a search to continue past a removed entry. Without
//! tombstones, the table rehashes its entries only when it grows. In contrast, a table of the crate `hashbrown`
//! contains tombstones. If a program inserts and removes keys all the time, such a table often rehashes all entries.
//! The lock of the shard would be held during each rehash.

use std::cmp::Reverse;

use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::core::state::Phase;

/// Contains the circuits of one shard. The circuits of one name are divided into shards, and each shard has one table
/// and one lock.
#[derive(Default)]
pub(crate) struct Table {
    /// At most three quarters of the slots are in use.
    slots: Vec<Slot>,
    used_slots: usize,
    /// The number of lookups and insertions, modulo 2^32. After 2^32 lookups of other circuits, an unused circuit
    /// therefore looks like a circuit that was just used.
    lookups: u32,
}

#[derive(Clone, Default)]
struct Slot {
    breaker: Option<CircuitBreaker>,
    hash: u32,
    /// The number of lookups and insertions in the table at the last use of this circuit, modulo 2^32.
    used: u32,
}

const FEWEST_SLOTS: usize = 4;
/// The number of idle circuits (circuits that no call uses) that an eviction compares. If none of the compared circuits
/// is closed, the eviction visits further slots until the eviction finds a closed circuit. The total number of visited
/// slots is at most [`MOST_VISITED`].
const SAMPLE: usize = 16;
/// The maximum number of slots that an eviction (the removal of an idle circuit) visits. If the option `max_keys` is at
/// most 1,000, a table practically never has more than 256 slots. An eviction may then visit all slots of the table.
const MOST_VISITED: usize = 256;

/// The rank of an idle circuit (a circuit that no call uses). The table evicts (removes) the circuits with the smallest
/// rank, `Closed`, first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Closed,
    /// The circuit is open or half-open.
    Open,
    /// The circuit is forced open or disabled.
    Manual,
}

impl Table {
    pub(crate) fn iter(&self) -> impl Iterator<Item = &CircuitBreaker> {
        self.slots.iter().filter_map(|slot| slot.breaker.as_ref())
    }

    /// Returns the circuit whose key has this hash and for which `is_it` returns true. The lookup counts as a use of
    /// the circuit.
    #[inline]
    pub(crate) fn find(&mut self, hash: u32, is_it: impl Fn(&CircuitBreaker) -> bool) -> Option<CircuitBreaker> {
        let place = self.place(hash, is_it)?;
        self.lookups = self.lookups.wrapping_add(1);
        let slot = &mut self.slots[place];
        slot.used = self.lookups;
        slot.breaker.clone()
    }

    /// Returns the circuit whose key has this hash and for which `is_it` returns true. In contrast to
    /// [`find`](Self::find), this lookup does not count as a use of the circuit.
    pub(crate) fn get(&self, hash: u32, is_it: impl Fn(&CircuitBreaker) -> bool) -> Option<CircuitBreaker> {
        self.slots[self.place(hash, is_it)?].breaker.clone()
    }

    /// Inserts a circuit. The table must not already contain a circuit with the key of this circuit.
    pub(crate) fn insert(&mut self, hash: u32, breaker: CircuitBreaker) {
        if 4 * (self.used_slots + 1) > 3 * self.slots.len() {
            self.grow();
        }
        self.used_slots += 1;
        self.lookups = self.lookups.wrapping_add(1);
        self.put(Slot { breaker: Some(breaker), hash, used: self.lookups });
    }

    /// Evicts one circuit of a random sample, and returns the evicted circuit. Returns `None` if all visited circuits
    /// are in use. The evicted circuit has the smallest [`Rank`] in the sample. If several circuits have the smallest
    /// rank, the least recently used of these circuits is evicted. `draw` is a random number that determines the slot
    /// at which the sample starts.
    pub(crate) fn evict(&mut self, draw: u32) -> Option<CircuitBreaker> {
        let (mut best, mut sampled) = (None, 0);
        let start = self.home(draw);
        let places = (start..self.slots.len()).chain(0..start);
        for place in places.take(MOST_VISITED) {
            let slot = &self.slots[place];
            let Some(rank) = slot.breaker.as_ref().and_then(rank) else { continue };
            let idle = self.lookups.wrapping_sub(slot.used);
            let candidate = (rank, Reverse(idle), place);
            best = Some(best.map_or(candidate, |best| candidate.min(best)));
            sampled += 1;
            if sampled >= SAMPLE && best.is_some_and(|(rank, ..)| rank == Rank::Closed) {
                break;
            }
        }
        best.map(|(.., place)| self.remove(place))?
    }

    fn place(&self, hash: u32, is_it: impl Fn(&CircuitBreaker) -> bool) -> Option<usize> {
        let mut place = self.home(hash);
        // At least a quarter of the slots is free, so the search always reaches a free slot and ends.
        while let Some(breaker) = &self.slots.get(place)?.breaker {
            if self.slots[place].hash == hash && is_it(breaker) {
                return Some(place);
            }
            place = self.after(place);
        }
        None
    }

    fn remove(&mut self, place: usize) -> Option<CircuitBreaker> {
        let removed = self.slots[place].breaker.take();
        self.used_slots -= 1;
        // The slot of the removed entry is the gap. The loop visits the entries from the gap to the next free slot. If
        // a search for an entry would start at the gap or before the gap, the entry moves into the gap. The slot that
        // the entry leaves is the new gap.
        let (mut gap, mut next) = (place, self.after(place));
        while self.slots[next].breaker.is_some() {
            let home = self.home(self.slots[next].hash);
            if self.distance(home, next) >= self.distance(gap, next) {
                self.slots.swap(gap, next);
                gap = next;
            }
            next = self.after(next);
        }
        removed
    }

    fn put(&mut self, slot: Slot) {
        let mut place = self.home(slot.hash);
        while self.slots[place].breaker.is_some() {
            place = self.after(place);
        }
        self.slots[place] = slot;
    }

    /// Enlarges the table by half of its size. If the table doubled its size, the table could need up to a third more
    /// memory for each key.
    fn grow(&mut self) {
        let slots = (self.slots.len() / 2 * 3).max(FEWEST_SLOTS);
        for slot in std::mem::replace(&mut self.slots, vec![Slot::default(); slots]) {
            if slot.breaker.is_some() {
                self.put(slot);
            }
        }
    }

    /// Returns the index of the slot at which the search for a hash begins.
    #[inline]
    fn home(&self, hash: u32) -> usize {
        let product = u64::from(hash) * self.slots.len() as u64;
        (product >> u32::BITS) as usize
    }

    #[inline]
    fn after(&self, place: usize) -> usize {
        if place + 1 == self.slots.len() { 0 } else { place + 1 }
    }

    /// Returns the number of steps from slot `from` forward to slot `to`.
    fn distance(&self, from: usize, to: usize) -> usize {
        if from <= to { to - from } else { to + self.slots.len() - from }
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
            let (mut table, mut model) = (Table::default(), BTreeSet::new());
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
                assert!(table.slots.len() <= 128, "{}", table.slots.len());
            }
        }
    }
}
