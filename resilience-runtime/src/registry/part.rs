//! Implements the registry, which finds circuits by their names. The registry is divided into parts with one lock each,
//! so that threads seldom wait for each other.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::mem::replace;

use crate::base::name::Name;
#[cfg(not(resilience_loom))]
use crate::base::scope::scoped;
#[cfg(not(resilience_loom))]
use crate::base::sync::LazyLock;
use crate::base::sync::{Arc, Mutex, MutexGuard, lock};
use crate::circuit::breaker::CircuitBreaker;
#[cfg(feature = "test-util")]
use crate::circuit::options::Options;
use crate::circuit::settings::Settings;
use crate::registry::conflict::{CircuitConflict, conflict_of_kinds, conflicts, conflicts_among};
use crate::registry::declared::{Declarations, declarations, declared};
use crate::registry::family::Family;
use crate::registry::keyed_name::KeyedName;
use crate::registry::sources::{Sources, add};
use crate::registry::table::Table;
#[cfg(feature = "serde")]
use crate::registry::waiting;
use crate::registry::written::{Written, merge};

/// A part of the registry: the circuits and families of some names. A family is the set of circuits with one name and
/// the option `key`. If a program uses a name for both a circuit and a family, the registry reports a conflict.
#[derive(Default)]
pub(super) struct Part {
    /// The circuits without a key, with their options. Circuits with equal options may share one set of options (a
    /// [`Sources`]). The `Option` is `None` only in a free slot of the table.
    pub(super) circuits: Table<CircuitBreaker, Option<Arc<Sources>>>,
    pub(super) families: BTreeMap<Cow<'static, str>, KeyedName>,
    /// The options and the settings of the last circuit that [`create`](Self::create) made for a builder. To save
    /// memory and time, the next circuit shares these options and settings if its builder has equal options.
    newest: Option<(Arc<Sources>, Arc<Settings>)>,
}

/// The number of parts of the registry. A loom test has one part, because each further lock multiplies the number of
/// interleavings.
const PARTS: usize = if cfg!(resilience_loom) { 1 } else { 64 };

/// All registered circuits and families of the program or of an isolated test, divided into parts by the hash of their
/// names.
pub(super) struct Registry {
    /// The hasher of the names. Its random seed prevents callers from choosing names with colliding hashes.
    hasher: RandomState,
    pub(super) parts: [Mutex<Part>; PARTS],
}

/// Returns the registry of the program, or of the current isolated test.
#[cfg(not(resilience_loom))]
pub(super) fn registry() -> &'static Registry {
    static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);
    scoped(&*REGISTRY, Registry::new)
}

#[cfg(resilience_loom)]
pub(super) fn registry() -> &'static Registry {
    loom::lazy_static! {
        static ref REGISTRY: Registry = Registry::new();
    }
    &REGISTRY
}

impl Registry {
    fn new() -> Self {
        Self { hasher: RandomState::new(), parts: std::array::from_fn(|_| Mutex::default()) }
    }

    /// Returns the part of the registry that contains this name, and the hash by which this part finds the circuit. A
    /// circuit and a family of the same name are in the same part, so that one lock is enough to find a conflict
    /// between them.
    #[expect(clippy::cast_possible_truncation, reason = "takes the two halves of a hash")]
    fn place(&self, name: &str) -> (&Mutex<Part>, u32) {
        let mut hasher = self.hasher.build_hasher();
        hasher.write(name.as_bytes());
        let hash = hasher.finish();
        (&self.parts[(hash >> 32) as usize % PARTS], hash as u32)
    }
}

/// Locks and returns the part of the registry for this name. Also returns the hash of the name.
pub(super) fn part_of(name: &str) -> (MutexGuard<'static, Part>, u32) {
    // Calls `declared` before the lock is taken, because the first call of `declared` collects all attributes. Other
    // threads therefore wait less for the lock.
    declared();
    let (part, hash) = registry().place(name);
    (lock(part), hash)
}

#[cfg(all(test, not(resilience_loom)))]
pub(crate) fn with_all_parts_locked<T>(f: impl FnOnce() -> T) -> T {
    let _parts = registry().parts.each_ref().map(lock);
    f()
}

impl Part {
    /// Returns the circuit of this name, and the index of its slot in the table. `hash` is the hash of the name.
    #[inline]
    pub(super) fn find(&self, name: &str, hash: u32) -> Option<(usize, CircuitBreaker)> {
        self.circuits.find(hash, |breaker| breaker.label().as_bytes() == name.as_bytes())
    }

    /// Returns the options that each source, such as an attribute, sets for the registered circuit `name`.
    pub(super) fn sources(&self, name: &str) -> Option<&Sources> {
        let (place, _) = self.find(name, registry().place(name).1)?;
        self.circuits.value(place).as_deref()
    }

    /// Removes the circuit of this name, and returns whether it was removed. Does not remove a circuit if a function
    /// with this circuit was called.
    pub(super) fn remove(&mut self, name: &str, hash: u32) -> bool {
        let by_attribute =
            |sources: &Option<Arc<Sources>>| sources.as_ref().is_some_and(|sources| sources.by_attribute);
        let found = self.find(name, hash).filter(|(place, _)| !by_attribute(self.circuits.value(*place)));
        found.is_some_and(|(place, _)| self.circuits.remove(place).is_some())
    }

    /// Lists the circuits whose hashes are at least `from` and less than the returned number, see [`Table::step`].
    pub(super) fn step(&self, from: u32) -> (Vec<CircuitBreaker>, Option<u32>) {
        self.circuits.step(from, CircuitBreaker::clone)
    }

    /// Returns the circuit of this name, and its options. Creates the circuit if it does not exist, with the options
    /// that attributes declare for this name.
    pub(super) fn circuit(&mut self, name: Name) -> (CircuitBreaker, &mut Sources) {
        let hash = registry().place(name.as_str()).1;
        let known = self.find(name.as_str(), hash);
        let (place, breaker) = known.unwrap_or_else(|| {
            let written = declarations(name.as_str()).circuit.clone();
            let breaker = CircuitBreaker::new(name, Settings::shared(merge(&written)));
            let sources = Arc::new(Sources { written, ..Sources::default() });
            (self.circuits.insert(hash, breaker.clone(), Some(sources)), breaker)
        });
        let sources = self.circuits.value_mut(place).get_or_insert_default();
        (breaker, Arc::make_mut(sources))
    }

    /// Returns true if no circuit (with or without a key) and no attribute has this name.
    pub(super) fn is_free(&self, name: &str, hash: u32) -> bool {
        !declared().contains_key(name) && !self.families.contains_key(name) && self.find(name, hash).is_none()
    }

    /// Creates the circuit of a builder whose name is free (not in use), see [`is_free`](Self::is_free). Skips the slow
    /// search for conflicts, because a free name has none. Programs that register many circuits at run time need this
    /// fast path.
    pub(super) fn create(&mut self, name: Name, hash: u32, written: Written) -> CircuitBreaker {
        let is_equal = |(sources, _): &(Arc<Sources>, _)| sources.written.iter().any(|known| **known == written);
        let newest = self.newest.take().filter(is_equal).unwrap_or_else(|| {
            let mut sources = Sources { builders: 1, is_reported: true, ..Sources::default() };
            add(&mut sources.written, 0, written);
            (Arc::new(sources), Settings::shared(written.options))
        });
        let (sources, settings) = self.newest.insert(newest);
        let breaker = CircuitBreaker::new(name, settings.clone());
        #[cfg(feature = "serde")]
        waiting::give_waiting(&breaker);
        self.circuits.insert(hash, breaker.clone(), Some(sources.clone()));
        breaker
    }

    /// Returns the attributes and builders of the circuit `name`, with their options. Returns `None` if the circuit is
    /// neither registered nor declared.
    pub(super) fn circuit_places(&self, name: &str) -> Option<&[Arc<Written>]> {
        let registered = self.sources(name).map(|sources| &*sources.written);
        registered.or_else(|| Some(&*declarations(name).circuit).filter(|places| !places.is_empty()))
    }

    /// Returns the attributes and builders of the circuits `name[key]`, with their options. Returns `None` if these
    /// circuits are neither registered nor declared.
    pub(super) fn family_places(&self, name: &str) -> Option<&[Arc<Written>]> {
        let registered = self.families.get(name).map(|keyed| &*keyed.written);
        registered.or_else(|| Some(&*declarations(name).family).filter(|places| !places.is_empty()))
    }

    /// Returns the options in force for the circuit `name` or, if `keyed` is true, for the circuits `name[key]`. An
    /// option that is not set, and therefore has its default, is `None`.
    #[cfg(feature = "test-util")]
    pub(super) fn in_force(&self, name: &str, keyed: bool) -> Options {
        let registered = if keyed {
            self.families.get(name).map(KeyedName::options)
        } else {
            self.sources(name).map(Sources::options)
        };
        let places = if keyed { self.family_places(name) } else { self.circuit_places(name) };
        registered.unwrap_or_else(|| merge(places.unwrap_or_default()))
    }

    /// Returns a conflict if the name is used both with and without the option `key`.
    pub(super) fn conflict_of_kinds(&self, name: &str) -> Option<CircuitConflict> {
        Some(conflict_of_kinds(name, self.circuit_places(name)?, self.family_places(name)?))
    }

    /// Returns the conflicts (contradictory options) of a name that has just been registered with the options `places`.
    /// If the name is used both with and without `key`, also returns this conflict, unless an earlier registration has
    /// reported it.
    pub(super) fn conflicts_of_new(&self, name: &str, places: &[Arc<Written>]) -> Vec<CircuitConflict> {
        let Declarations { circuit, family } = declarations(name);
        let is_declared = !circuit.is_empty() && !family.is_empty();
        let is_circuit_reported = self.sources(name).is_some_and(|sources| sources.is_reported);
        let is_family_reported = self.families.get(name).is_some_and(|keyed| keyed.is_reported);
        let was_reported = is_declared && is_circuit_reported && is_family_reported;
        let of_kinds = self.conflict_of_kinds(name).filter(|_| !was_reported);
        conflicts_among(name, places).chain(of_kinds).collect()
    }

    /// Adds the options of an attribute or a builder to a circuit. Returns the circuit, and the new conflicts
    /// (contradictory options).
    pub(super) fn write(&mut self, name: Name, written: Written, by: By) -> (CircuitBreaker, Vec<CircuitConflict>) {
        let (breaker, sources) = self.circuit(name);
        let is_first = matches!(by, By::Builder) && !sources.in_use;
        let place = if is_first { sources.builders } else { sources.written.len() };
        let is_added = add(&mut sources.written, place, written);
        if is_added {
            sources.builders += usize::from(is_first);
            sources.apply(&breaker);
        }
        sources.in_use |= matches!(by, By::Attribute);
        sources.by_attribute |= matches!(by, By::Attribute);
        let was_reported = replace(&mut sources.is_reported, true);
        #[cfg(feature = "serde")]
        if !was_reported {
            waiting::give_waiting(&breaker);
        }
        let name = breaker.name();
        let found = if !was_reported {
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

    /// Returns the family of this name: the circuits of all keys. Creates the family if it does not exist, with the
    /// options that attributes declare for this name.
    pub(super) fn family(&mut self, name: Cow<'static, str>) -> &mut KeyedName {
        self.families.entry(name).or_insert_with_key(KeyedName::new)
    }

    /// Adds the options of an attribute or a builder to a family. Returns the family, and the new conflicts
    /// (contradictory options).
    pub(super) fn write_family(
        &mut self,
        name: Cow<'static, str>,
        next: Written,
        by: By,
    ) -> (Arc<Family<CircuitBreaker>>, Vec<CircuitConflict>) {
        let keyed = self.family(name);
        let is_first = matches!(by, By::Builder) && !keyed.in_use;
        let place = if is_first { keyed.builders } else { keyed.written.len() };
        let is_added = add(&mut keyed.written, place, next);
        if is_added {
            keyed.builders += usize::from(is_first);
            keyed.apply();
        }
        keyed.in_use |= matches!(by, By::Attribute);
        let was_reported = replace(&mut keyed.is_reported, true);
        let (family, places) = (keyed.family.clone(), &keyed.written);
        #[cfg(feature = "serde")]
        if !was_reported {
            waiting::give_family(&family);
        }
        let name = family.name();
        let found = if !was_reported {
            let places = places.clone();
            self.conflicts_of_new(name, &places)
        } else if is_added {
            let (before, after) = (&places[..place], &places[place + 1..]);
            let later = after.iter().flat_map(|later| conflicts(name, &places[place..=place], later));
            conflicts(name, before, &next).into_iter().chain(later).collect()
        } else {
            Vec::new()
        };
        (family, found)
    }
}

#[derive(Clone, Copy)]
pub(super) enum By {
    Attribute,
    Builder,
}
