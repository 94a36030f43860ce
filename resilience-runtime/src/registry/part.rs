//! Implements the parts of the registry. Each part has its own lock, so that threads seldom wait for each other.

use std::collections::{BTreeMap, HashMap};

use crate::base::name::Name;
#[cfg(not(resilience_loom))]
use crate::base::sync::LazyLock;
use crate::base::sync::{Arc, Mutex, MutexGuard, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::Settings;
use crate::registry::conflict::{CircuitConflict, conflict_of_kinds, conflicts, conflicts_among};
use crate::registry::declared::{Declarations, declared};
use crate::registry::family::Family;
use crate::registry::named::{ByBytes, Named};
use crate::registry::sources::{Sources, add};
use crate::registry::written::{Written, merge};

/// A part of the registry: the circuits and families of some names. A family is the set of circuits with one name and
/// the option `key`: one circuit for each key. A program can use one name for a circuit without a key and for a family,
/// but the registry then reports a conflict.
#[derive(Default)]
pub(super) struct Part {
    pub(super) circuits: Circuits,
    pub(super) families: BTreeMap<&'static str, (Arc<Family>, Vec<Arc<Written>>)>,
}

/// The registered circuits without a key. The value for each circuit contains the options from attributes, builders and
/// a preset (a ready-made circuit). The values are boxed, because small table entries cause few cache misses in a
/// lookup.
pub(super) type Circuits = HashMap<Named, Box<Sources>, ByBytes>;

/// The number of parts of the registry. Each part has its own lock. A thread that lists all circuits locks one part at
/// a time, so that other threads wait only for a short time. In a test with the tool loom, the registry has one part,
/// because each further lock multiplies the number of interleavings that loom tests.
const PARTS: usize = if cfg!(resilience_loom) { 1 } else { 64 };

#[cfg(not(resilience_loom))]
pub(super) static REGISTRY: LazyLock<[Mutex<Part>; PARTS]> =
    LazyLock::new(|| std::array::from_fn(|_| Mutex::default()));

#[cfg(resilience_loom)]
loom::lazy_static! {
    pub(super) static ref REGISTRY: [Mutex<Part>; PARTS] = std::array::from_fn(|_| Mutex::default());
}

/// Locks the part of the registry that contains this name. All circuits of one name are in the same part, with and
/// without a key. One lock is therefore enough to find the conflicts between these circuits.
pub(super) fn part_of(name: &[u8]) -> MutexGuard<'static, Part> {
    // The first call of `declared` is slow, because it collects the names and options of all attributes. This call does
    // the slow work before the lock is taken.
    declared();
    // The hash below only selects the part, so it needs no random seed. The hash table inside the part computes a
    // different hash, with a random seed. The code below hashes eight bytes at a time, and then the last eight bytes
    // once more. The last eight bytes include the bytes that remain if the length is no multiple of eight.
    let word = |bytes: &[u8]| bytes.try_into().map_or(bytes.len() as u64, u64::from_le_bytes);
    let last = name
        .last_chunk::<8>()
        .map_or_else(|| name.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), |last| word(last));
    let hash = name
        .chunks_exact(8)
        .map(word)
        .chain([last])
        .fold(0_u64, |hash, word| (hash.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    lock(&REGISTRY[(hash >> 32) as usize % PARTS])
}

#[cfg(all(test, not(resilience_loom)))]
pub(crate) fn with_all_parts_locked<T>(f: impl FnOnce() -> T) -> T {
    let _parts = REGISTRY.each_ref().map(lock);
    f()
}

impl Part {
    /// Returns the circuit of this name, and creates the circuit if it does not exist. Also returns the options that
    /// attributes, builders and a preset (a ready-made circuit) set for the circuit, and whether the circuit is new. A
    /// new circuit has the options that attributes declare for this name.
    pub(super) fn circuit(&mut self, name: Name) -> (CircuitBreaker, &mut Sources, bool) {
        let known = self.circuits.get_key_value(name.as_bytes()).map(|(Named(breaker), _)| breaker.clone());
        let is_new = known.is_none();
        let written = if is_new { declarations(name.as_str()).circuit.clone() } else { Vec::new() };
        let breaker = known.unwrap_or_else(|| CircuitBreaker::new(name, Settings::shared(merge(&written))));
        let new = || Box::new(Sources { written, ..Sources::default() });
        let sources = self.circuits.entry(Named(breaker.clone())).or_insert_with(new);
        (breaker, sources, is_new)
    }

    /// Creates the circuit of a builder if no circuit (with or without a key) and no attribute has this name. Returns
    /// `None` if the name is already in use. A new name causes no conflict (contradictory options), so this method
    /// skips the slow search for conflicts. Programs that register many circuits at run time need this fast path.
    pub(super) fn create(&mut self, name: &Name, written: Written) -> Option<CircuitBreaker> {
        let Declarations { circuit, family } = declarations(name.as_str());
        let is_known = !circuit.is_empty() || !family.is_empty() || self.families.contains_key(name.as_str());
        if is_known || self.circuits.contains_key(name.as_bytes()) {
            return None;
        }
        let breaker = CircuitBreaker::new(name.clone(), Settings::shared(written.options));
        let mut sources = Box::new(Sources { builders: 1, ..Sources::default() });
        add(&mut sources.written, 0, written);
        self.circuits.insert(Named(breaker.clone()), sources);
        Some(breaker)
    }

    /// Returns the options that attributes and builders set for the circuit `name`, with their source positions.
    /// Returns `None` if the circuit is neither registered nor declared by an attribute.
    pub(super) fn circuit_places(&self, name: &str) -> Option<&[Arc<Written>]> {
        let registered = self.circuits.get(name.as_bytes()).map(|sources| &*sources.written);
        registered.or_else(|| Some(&*declarations(name).circuit).filter(|places| !places.is_empty()))
    }

    /// Returns the options that attributes set for the circuits `name[key]`, with their source positions. Returns
    /// `None` if no attribute with the option `key` is registered or declared for this name.
    pub(super) fn family_places(&self, name: &str) -> Option<&[Arc<Written>]> {
        let registered = self.families.get(name).map(|(_, written)| &**written);
        registered.or_else(|| Some(&*declarations(name).family).filter(|places| !places.is_empty()))
    }

    /// Returns a conflict if the name is used both with and without the option `key`.
    pub(super) fn conflict_of_kinds(&self, name: &str) -> Option<CircuitConflict> {
        Some(conflict_of_kinds(name, self.circuit_places(name)?, self.family_places(name)?))
    }

    /// Returns the conflicts (contradictory options) of a name that has just been registered with the options `places`.
    /// If the name is used both with and without the option `key`, the result includes a conflict about `key`. The
    /// result omits this conflict if an earlier registration of the name has reported it.
    pub(super) fn conflicts_of_new(&self, name: &str, places: &[Arc<Written>]) -> Vec<CircuitConflict> {
        let Declarations { circuit, family } = declarations(name);
        let is_declared = !circuit.is_empty() && !family.is_empty();
        let was_reported =
            is_declared && self.circuits.contains_key(name.as_bytes()) && self.families.contains_key(name);
        let of_kinds = self.conflict_of_kinds(name).filter(|_| !was_reported);
        conflicts_among(name, places).chain(of_kinds).collect()
    }

    /// Adds the options of an attribute or a builder to a circuit. Returns the circuit, and the conflicts
    /// (contradictory options) that are not reported yet.
    pub(super) fn write(&mut self, name: Name, written: Written, by: By) -> (CircuitBreaker, Vec<CircuitConflict>) {
        let (breaker, sources, is_new) = self.circuit(name);
        let is_first = matches!(by, By::Builder) && !sources.in_use;
        let place = if is_first { sources.builders } else { sources.written.len() };
        let is_added = add(&mut sources.written, place, written);
        if is_added {
            sources.builders += usize::from(is_first);
            sources.apply(&breaker);
        }
        sources.in_use |= matches!(by, By::Attribute);
        sources.by_attribute |= matches!(by, By::Attribute);
        let name = breaker.name();
        let found = if is_new {
            let places = sources.written.clone();
            self.conflicts_of_new(name, &places)
        } else if is_added {
            let (before, after) = (&sources.written[..place], &sources.written[place + 1..]);
            let new = &sources.written[place..=place];
            let later = after.iter().flat_map(|later| conflicts(name, new, later));
            conflicts(name, before, &written).into_iter().chain(later).collect()
        } else {
            Vec::new()
        };
        (breaker, found)
    }
}

#[derive(Clone, Copy)]
pub(super) enum By {
    Attribute,
    Builder,
}

/// Returns the options that attributes declare for a name.
pub(super) fn declarations(name: &str) -> &'static Declarations {
    static NONE: Declarations = Declarations { circuit: Vec::new(), family: Vec::new() };
    declared().get(name).unwrap_or(&NONE)
}
