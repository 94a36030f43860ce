//! Implements a hash table that finds circuits, bulkheads and rate limits by the hash of their name or key.
//!
//! An entry is a handle, such as a `CircuitBreaker`: a pointer to the name and the state. Each slot stores the hash
//! beside the handle. A search therefore follows only the pointer of the entry that it finds, and growth of the table
//! follows no pointer. A table of the standard library would follow pointers to compare names, and to compute hashes
//! again.
//!
//! The table resolves collisions by linear probing. A removal moves later entries toward the empty slot, so the table
//! needs no tombstones (marks of removed entries). Entries therefore move to new slots in bulk only when the table
//! grows or shrinks. In contrast, a table of the crate `hashbrown` contains tombstones. If a program inserts and
//! removes keys all the time, such a table often rehashes all its entries, while other threads wait for the lock.
//!
//! Apart from collisions, the entries are in the order of their hashes. [`Table::step`] can therefore list the entries
//! in several steps, even if the table changes between two steps.

/// A hash table of entries of the type `E`, such as circuits. Each entry has a value of the type `T`, such as the
/// options of the circuit.
pub(crate) struct Table<E, T> {
    /// At most three quarters of the slots are in use. If the table has more than the minimum of [`FEWEST_SLOTS`]
    /// slots, at least one out of [`SPARSEST`] slots is in use. With more free slots, an eviction would find too few
    /// idle layers, because an eviction visits a limited number of slots.
    slots: Vec<Slot<E, T>>,
    used_slots: usize,
}

struct Slot<E, T> {
    entry: Option<E>,
    hash: u32,
    value: T,
}

impl<E, T: Default> Default for Slot<E, T> {
    fn default() -> Self {
        Self { entry: None, hash: 0, value: T::default() }
    }
}

const FEWEST_SLOTS: usize = 4;
/// The largest number of slots for each entry. If a removal leaves more slots for each entry, the table shrinks.
const SPARSEST: usize = 8;
/// The number of slots that one call of [`Table::step`] visits. Because of collisions, the call may visit a few more
/// slots.
const STEP: u64 = 256;

impl<E: Clone, T: Default> Table<E, T> {
    /// Returns the entry that has this hash and for which `is_it` returns true. Also returns the index of its slot.
    #[inline]
    pub(crate) fn find(&self, hash: u32, is_it: impl Fn(&E) -> bool) -> Option<(usize, E)> {
        let mut place = self.home(hash);
        // The loop ends, because at least a quarter of the slots is free.
        loop {
            let slot = self.slots.get(place)?;
            let entry = slot.entry.as_ref()?;
            if slot.hash == hash {
                // Clones the handle before `is_it` reads the name, so that the processor waits only once for the cache
                // line of the entry. Among 100,000 circuits, this order makes a lookup a third faster.
                let found = entry.clone();
                if is_it(&found) {
                    return Some((place, found));
                }
            }
            place = self.after(place);
        }
    }

    #[inline]
    pub(crate) fn value(&self, place: usize) -> &T {
        &self.slots[place].value
    }

    #[inline]
    pub(crate) fn value_mut(&mut self, place: usize) -> &mut T {
        &mut self.slots[place].value
    }

    /// Inserts an entry, and returns the index of its slot. The table must not contain an entry with the same name or
    /// key.
    pub(crate) fn insert(&mut self, hash: u32, entry: E, value: T) -> usize {
        if 4 * (self.used_slots + 1) > 3 * self.slots.len() {
            self.grow();
        }
        self.used_slots += 1;
        self.put(Slot { entry: Some(entry), hash, value })
    }

    /// Removes the entry in the slot with the index `place`. May move all other entries to other slots.
    pub(crate) fn remove(&mut self, place: usize) -> Option<E> {
        let removed = std::mem::take(&mut self.slots[place]).entry?;
        self.used_slots -= 1;
        // Closes the gap that the removed entry leaves, because a search ends at the first free slot. Visits the
        // entries from the gap to the next free slot. An entry moves into the gap if the search for this entry starts
        // at or before the gap. The old slot of the entry is then the new gap.
        let (mut gap, mut next) = (place, self.after(place));
        while self.slots[next].entry.is_some() {
            let home = self.home(self.slots[next].hash);
            if self.distance(home, next) >= self.distance(gap, next) {
                self.slots.swap(gap, next);
                gap = next;
            }
            next = self.after(next);
        }
        if self.slots.len() > FEWEST_SLOTS && SPARSEST * self.used_slots < self.slots.len() {
            self.resize(2 * self.used_slots);
        }
        Some(removed)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &E> {
        self.slots.iter().filter_map(|slot| slot.entry.as_ref())
    }

    pub(crate) fn entries_mut(&mut self) -> impl Iterator<Item = (&E, &mut T)> {
        self.slots.iter_mut().filter_map(|slot| Some((slot.entry.as_ref()?, &mut slot.value)))
    }

    /// Returns the index of each slot, in the order of a search for `hash`. If the slot is in use, also returns the
    /// entry and its value.
    pub(crate) fn places(&self, hash: u32) -> impl Iterator<Item = (usize, Option<(&E, &T)>)> {
        self.order(hash).map(|place| {
            let Slot { entry, value, .. } = &self.slots[place];
            (place, entry.as_ref().map(|entry| (entry, value)))
        })
    }

    /// Lists the entries whose hashes are at least `from` and less than the returned number. The caller passes the
    /// returned number as `from` to the next step. The first step begins at zero, and the last step returns `None`. The
    /// caller can unlock the table between two steps, so that a large table is not locked for long.
    ///
    /// If an entry is in the table during all steps, the steps list it exactly once, even if the table grows or shrinks
    /// in between.
    pub(crate) fn step<V>(&self, from: u32, view: impl Fn(&E) -> V) -> (Vec<V>, Option<u32>) {
        let hashes_of_slot = (1_u64 << u32::BITS).checked_div(self.slots.len() as u64);
        let next = hashes_of_slot.and_then(|hashes| u32::try_from(u64::from(from) + STEP * hashes).ok());
        let end = next.map_or(self.slots.len(), |next| self.home(next)) - self.home(from);
        // Also visits the slots between this step's last slot and the next free slot, because a collision may have
        // moved an entry of this step there.
        let visited = self.order(from).map(|place| &self.slots[place]).enumerate();
        let visited = visited.take_while(|(n, slot)| *n < end || slot.entry.is_some());
        let of_step = visited.filter(|(_, slot)| slot.hash >= from && next.is_none_or(|next| slot.hash < next));
        (of_step.filter_map(|(_, slot)| slot.entry.as_ref()).map(view).collect(), next)
    }

    fn order(&self, hash: u32) -> impl Iterator<Item = usize> + use<E, T> {
        let (start, slots) = (self.home(hash), self.slots.len());
        (start..slots).chain(0..start)
    }

    fn put(&mut self, slot: Slot<E, T>) -> usize {
        let mut place = self.home(slot.hash);
        while self.slots[place].entry.is_some() {
            place = self.after(place);
        }
        self.slots[place] = slot;
        place
    }

    /// Enlarges the table by half of its size. If the table doubled instead, it could need up to a third more memory.
    fn grow(&mut self) {
        self.resize(self.slots.len() / 2 * 3);
    }

    /// Moves all entries to a new table with `slots` slots, or with [`FEWEST_SLOTS`] slots if `slots` is smaller.
    #[cold]
    fn resize(&mut self, slots: usize) {
        let slots = (0..slots.max(FEWEST_SLOTS)).map(|_| Slot::default()).collect();
        for slot in std::mem::replace(&mut self.slots, slots) {
            if slot.entry.is_some() {
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

    /// Returns the number of slots from slot `from` forward to slot `to`.
    fn distance(&self, from: usize, to: usize) -> usize {
        if from <= to { to - from } else { to + self.slots.len() - from }
    }
}

impl<E, T> Default for Table<E, T> {
    fn default() -> Self {
        Self { slots: Vec::new(), used_slots: 0 }
    }
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::base::name::Name;
    use crate::base::random;
    use crate::circuit::breaker::CircuitBreaker;
    use crate::circuit::options::Options;
    use crate::circuit::settings::Settings;

    fn number(breaker: &CircuitBreaker) -> u64 {
        breaker.name().parse().unwrap()
    }

    fn insert(table: &mut Table<CircuitBreaker, ()>, hash: u32, number: u64) {
        let settings = Settings::shared(Options::NONE);
        table.insert(hash, CircuitBreaker::one_of_many(Name::new(&number.to_string()), settings), ());
    }

    fn remove(table: &mut Table<CircuitBreaker, ()>, hash: u32, wanted: u64) -> bool {
        let found = table.find(hash, |it| number(it) == wanted);
        found.is_some_and(|(place, _)| table.remove(place).is_some_and(|removed| number(&removed) == wanted))
    }

    /// Compares the table with a set of numbers after random insertions and removals. The test uses only a few hashes,
    /// to cause many collisions. The test never removes the numbers below 50, so a complete listing must contain each
    /// of them exactly once.
    #[test]
    fn steps_list_circuits_once_while_table_changes() {
        for hashes in [1, 2, 7, 1000, u32::MAX] {
            let hash = |number: u64| ((random::nth(1, number) >> 32) as u32 % hashes).wrapping_mul(u32::MAX / hashes);
            let (mut table, mut model) = (Table::default(), BTreeSet::new());
            let (mut from, mut listed, mut largest) = (0, Vec::new(), 0);
            for n in 0..6000 {
                let number = if n < 50 {
                    n
                } else {
                    50 + random::nth(u64::from(hashes), n) % u64::from(hashes.clamp(600, 3000))
                };
                if model.insert(number) {
                    insert(&mut table, hash(number), number);
                } else if number >= 50 {
                    assert!(model.remove(&number) && remove(&mut table, hash(number), number));
                }
                assert!(table.find(hash(number), |it| self::number(it) == number).is_some() == model.contains(&number));
                if n % 50 == 49 {
                    let (some, next) = table.step(from, self::number);
                    largest = largest.max(some.len());
                    listed.extend(some.into_iter().filter(|number| *number < 50));
                    from = next.unwrap_or_default();
                    if next.is_none() {
                        listed.sort_unstable();
                        assert!(listed.drain(..).eq(0..50), "{hashes}");
                    }
                }
            }
            assert_eq!(table.iter().map(self::number).collect::<BTreeSet<_>>(), model);
            assert!(table.slots.len() <= 6000, "{}", table.slots.len());
            assert!(hashes < 1000 || (largest as u64) < 2 * STEP, "{largest}");
        }
    }

    #[test]
    fn steps_list_circuits_once_while_table_shrinks() {
        let hash = |number: u64| (random::nth(1, number) >> 32) as u32;
        let mut table = Table::default();
        (0..6000).for_each(|number| insert(&mut table, hash(number), number));
        let (mut from, mut listed) = (Some(0), Vec::new());
        let mut rest = 50..6000;
        while let Some(number) = from {
            let (some, next) = table.step(number, self::number);
            listed.extend(some.into_iter().filter(|number| *number < 50));
            from = next;
            rest.by_ref().take(1000).for_each(|number| assert!(remove(&mut table, hash(number), number)));
        }
        listed.sort_unstable();
        assert!(listed.into_iter().eq(0..50));
        rest.for_each(|number| assert!(remove(&mut table, hash(number), number)));
        assert_eq!(table.iter().count(), 50);
        assert!(table.slots.len() <= 50 * SPARSEST, "{}", table.slots.len());
        assert!((0..50).all(|number| table.find(hash(number), |it| self::number(it) == number).is_some()));
        (0..50).for_each(|number| assert!(remove(&mut table, hash(number), number)));
        assert_eq!((table.iter().count(), table.slots.len()), (0, FEWEST_SLOTS));
    }
}
