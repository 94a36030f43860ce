//! The circuits that a program shares by name, and the sources of their options.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::base::config_error::ConfigError;
use crate::base::name::Name;
#[cfg(not(resilience_loom))]
use crate::base::sync::LazyLock;
use crate::base::sync::{Arc, Mutex, MutexGuard, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Options, Settings};
use crate::circuit::stats::CircuitStats;
use crate::registry::conflict::{self, CircuitConflict, conflict_of_kinds, conflicts, conflicts_among};
use crate::registry::declared::{Declarations, declared};
use crate::registry::family::Family;
use crate::registry::named::{ByBytes, Named};
use crate::registry::sources::{Sources, add};
use crate::registry::written::{Written, merge};

/// All circuits with a name. A name belongs to a circuit or to a family. In a conflict it belongs to both.
#[derive(Default)]
struct Registry {
    circuits: Circuits,
    families: BTreeMap<&'static str, (Arc<Family>, Vec<Arc<Written>>)>,
}

/// The sources are boxed, because smaller table entries cause fewer cache misses in a lookup.
type Circuits = HashMap<Named, Box<Sources>, ByBytes>;

#[cfg(not(resilience_loom))]
static REGISTRY: LazyLock<Mutex<Registry>> = LazyLock::new(Mutex::default);

#[cfg(resilience_loom)]
loom::lazy_static! {
    static ref REGISTRY: Mutex<Registry> = Mutex::default();
}

fn registry() -> MutexGuard<'static, Registry> {
    lock(&REGISTRY)
}

impl Registry {
    /// Returns the circuit of this name, its sources, and whether the circuit is new. A new circuit has the options of
    /// the declarations.
    fn circuit(&mut self, name: Name) -> (CircuitBreaker, &mut Sources, bool) {
        let known = self.circuits.get_key_value(name.as_bytes()).map(|(Named(breaker), _)| breaker.clone());
        let is_new = known.is_none();
        let written = if is_new { declarations(name.as_str()).circuit.clone() } else { Vec::new() };
        let breaker = known.unwrap_or_else(|| CircuitBreaker::new(name, Settings::shared(merge(&written))));
        let new = || Box::new(Sources { written, ..Sources::default() });
        let sources = self.circuits.entry(Named(breaker.clone())).or_insert_with(new);
        (breaker, sources, is_new)
    }

    /// Returns the places that set options of the circuit, if the circuit is registered or declared.
    fn circuit_places(&self, name: &str) -> Option<&[Arc<Written>]> {
        let registered = self.circuits.get(name.as_bytes()).map(|sources| &*sources.written);
        registered.or_else(|| Some(&*declarations(name).circuit).filter(|places| !places.is_empty()))
    }

    /// Returns the places that set options of the family, if the family is registered or declared.
    fn family_places(&self, name: &str) -> Option<&[Arc<Written>]> {
        let registered = self.families.get(name).map(|(_, written)| &**written);
        registered.or_else(|| Some(&*declarations(name).family).filter(|places| !places.is_empty()))
    }

    /// Returns the conflict of a name that belongs to a circuit and to a family.
    fn conflict_of_kinds(&self, name: &str) -> Option<CircuitConflict> {
        Some(conflict_of_kinds(name, self.circuit_places(name)?, self.family_places(name)?))
    }

    /// Returns the conflicts of a name that has just been registered. A name is registered once, so each conflict is
    /// reported once.
    fn conflicts_of_new(&self, name: &str, places: &[Arc<Written>]) -> Vec<CircuitConflict> {
        let Declarations { circuit, family } = declarations(name);
        let is_declared = !circuit.is_empty() && !family.is_empty();
        let was_reported =
            is_declared && self.circuits.contains_key(name.as_bytes()) && self.families.contains_key(name);
        let of_kinds = self.conflict_of_kinds(name).filter(|_| !was_reported);
        conflicts_among(name, places).chain(of_kinds).collect()
    }

    /// Adds the options of an attribute or a builder, and returns the conflicts that they cause.
    fn write(&mut self, name: Name, written: Written, by: By) -> (CircuitBreaker, Vec<CircuitConflict>) {
        let (breaker, sources, is_new) = self.circuit(name);
        let is_first = matches!(by, By::Builder) && !sources.in_use;
        let place = if is_first { sources.builders } else { sources.written.len() };
        let is_added = add(&mut sources.written, place, written);
        if is_added {
            sources.builders += usize::from(is_first);
            sources.apply(&breaker);
        }
        sources.in_use |= matches!(by, By::Attribute);
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

/// The origin of options: an attribute or a builder.
#[derive(Clone, Copy)]
enum By {
    Attribute,
    Builder,
}

/// Returns the declarations of a name; the list may be empty.
fn declarations(name: &str) -> &'static Declarations {
    static NONE: Declarations = Declarations { circuit: Vec::new(), family: Vec::new() };
    declared().get(name).unwrap_or(&NONE)
}

/// Registers the options of a builder. A conflict is returned as an error.
pub(crate) fn register(name: Name, written: Written) -> Result<CircuitBreaker, ConfigError> {
    let mut registry = registry();
    if let (Some([first, ..]), None) = (registry.family_places(name.as_str()), registry.circuit_places(name.as_str())) {
        let allowed = format!("a name without keys: circuits with keys have this one from {}", first.place);
        return Err(ConfigError::new("name", format!("{:?}", name.as_str()), allowed));
    }
    let before = registry.circuits.get(name.as_bytes()).map_or(&[][..], |sources| sources.fixed());
    if let Some(conflict) = conflicts(name.as_str(), before, &written).into_iter().next() {
        let CircuitConflict { option, values: [kept, value], places: [place, _], .. } = conflict;
        let allowed = format!("{kept}, which circuit '{name}' has from {place}");
        return Err(ConfigError::new(option, value, allowed));
    }
    let (breaker, found) = registry.write(name, written, By::Builder);
    drop(registry);
    emit(&found);
    Ok(breaker)
}

/// Emits the events of conflicts. The caller must not hold a lock.
fn emit(conflicts: &[CircuitConflict]) {
    conflicts.iter().for_each(conflict::emit);
}

/// Registers the options of an attribute. In a conflict the earlier options win, and the caller emits an event.
pub(crate) fn join(name: &'static str, written: Written) -> (CircuitBreaker, Vec<CircuitConflict>) {
    registry().write(Name::Static(name), written, By::Attribute)
}

/// Registers the options of an attribute with a key, like [`join`].
pub(crate) fn join_family(name: &'static str, next: Written) -> (Arc<Family>, Vec<CircuitConflict>) {
    let mut registry = registry();
    let is_new = !registry.families.contains_key(name);
    let (family, written) = registry.families.entry(name).or_insert_with(|| {
        let mut written = declarations(name).family.clone();
        let index = written.len();
        add(&mut written, index, next);
        (Arc::new(Family::new(name, merge(&written))), written)
    });
    let family = family.clone();
    if is_new {
        let places = written.clone();
        return (family, registry.conflicts_of_new(name, &places));
    }
    let found = if written.iter().any(|known| **known == next) { Vec::new() } else { conflicts(name, written, &next) };
    let index = written.len();
    if add(written, index, next) {
        family.apply(merge(written));
    }
    (family, found)
}

/// Registers a preset. The options of attributes and builders take precedence.
pub(crate) fn preset(name: &'static str, options: Options) -> CircuitBreaker {
    let mut registry = registry();
    let (breaker, sources, is_new) = registry.circuit(Name::Static(name));
    if sources.preset.as_deref() != Some(&options) {
        sources.preset = Some(Box::new(options));
        sources.apply(&breaker);
    }
    let places = sources.written.clone();
    let found = if is_new { registry.conflicts_of_new(name, &places) } else { Vec::new() };
    drop(registry);
    emit(&found);
    breaker
}

/// Returns the statistics of every circuit that is registered, or that an attribute declares. The keys of the map are
/// the names.
///
/// Circuits with keys appear as `name[key]`, one for each key that the program still remembers. A circuit from
/// [`build`](crate::CircuitBuilder::build) belongs to its owner and is not listed. This function changes nothing.
/// Without the feature `declare`, the circuit of an attribute is listed from its first call on.
///
/// ```
/// use resilience_runtime::{CircuitState, circuit, get_circuit_stats};
///
/// #[circuit(name = "listed_before_its_first_call", threshold = 5)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # if cfg!(not(feature = "declare")) { ask().await.unwrap() }
/// let stats = &get_circuit_stats()["listed_before_its_first_call"];
/// assert_eq!((stats.state, stats.threshold), (CircuitState::Closed, 5));
/// # }
/// ```
pub fn get_circuit_stats() -> BTreeMap<String, CircuitStats> {
    let mut read = Vec::new();
    each(|breaker| read.push((breaker.name().to_owned(), breaker.stats())));
    let mut stats: BTreeMap<_, _> = read.into_iter().collect();
    for (name, Declarations { circuit, .. }) in declared() {
        if !circuit.is_empty() {
            let new = || CircuitBreaker::new(Name::Static(name), Settings::shared(merge(circuit)));
            stats.entry((*name).to_owned()).or_insert_with(|| new().stats());
        }
    }
    stats
}

/// Resets every registered circuit; see [`CircuitBreaker::reset`].
///
/// ```
/// use resilience_runtime::{CircuitBreaker, CircuitState, reset_all_circuits};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let breaker = CircuitBreaker::builder("reset_example").threshold(1).register()?;
/// breaker.try_acquire()?.failure();
/// assert_eq!(breaker.state(), CircuitState::Open);
///
/// reset_all_circuits();
/// assert_eq!(breaker.state(), CircuitState::Closed);
/// # Ok(())
/// # }
/// ```
pub fn reset_all_circuits() {
    each(CircuitBreaker::reset);
}

/// Returns the circuit of this name. If an attribute declares the circuit, this function registers it.
///
/// The name of a circuit with a key is `name[key]`, with the full key, or with the shortened key that the statistics
/// show.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, get_circuit};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// CircuitBreaker::builder("found_by_name").register()?;
/// assert!(get_circuit("found_by_name").is_some());
/// assert!(get_circuit("never heard of").is_none());
/// # Ok(())
/// # }
/// ```
pub fn get_circuit(name: &str) -> Option<CircuitBreaker> {
    let mut registry = registry();
    if let Some((Named(breaker), _)) = registry.circuits.get_key_value(name.as_bytes()) {
        let breaker = breaker.clone();
        return Some(breaker);
    }
    if let Some((family, key)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        let family = registry.families.get(family)?.0.clone();
        drop(registry);
        return family.get(key);
    }
    let (name, _) = declared().get_key_value(name).filter(|(_, declared)| !declared.circuit.is_empty())?;
    let (breaker, sources, _) = registry.circuit(Name::Static(name));
    sources.in_use = true;
    let places = sources.written.clone();
    let found = registry.conflicts_of_new(name, &places);
    drop(registry);
    emit(&found);
    Some(breaker)
}

/// Checks that no name has two values for one option, and that no name is used both with and without a key.
///
/// A program with such a conflict runs. Between two attributes, the one that comes first by file, line and column wins.
/// A builder that registers before the first call wins over attributes. A WARN event reports the conflict when the name
/// is registered.
///
/// A name may be used with and without a key. Then functions without a key share the circuit `name`, and functions with
/// a key use the circuits `name[key]`.
///
/// Without the feature `declare`, this function finds only conflicts among functions that were called.
///
/// A test of one line finds conflicts early:
///
/// ```
/// // in a #[test]:
/// assert_eq!(resilience_runtime::check_circuits(), Ok(()));
/// ```
///
/// # Errors
///
/// Returns every conflict, each with the name, the option, both values and their source positions.
pub fn check_circuits() -> Result<(), Vec<CircuitConflict>> {
    let registry = registry();
    let circuits = registry.circuits.keys().map(|Named(breaker)| breaker.name());
    let names: BTreeSet<_> =
        circuits.chain(registry.families.keys().copied()).chain(declared().keys().copied()).collect();
    let of_name = |name| {
        let places = [registry.circuit_places(name), registry.family_places(name)].into_iter().flatten();
        let of_options = places.flat_map(move |places| conflicts_among(name, places));
        of_options.chain(registry.conflict_of_kinds(name))
    };
    let found: Vec<_> = names.into_iter().flat_map(of_name).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Calls `see` for every circuit while no lock is held. The order is by name, and circuits with keys come last.
fn each(mut see: impl FnMut(&CircuitBreaker)) {
    let registry = registry();
    let mut breakers: Vec<_> = registry.circuits.keys().map(|Named(breaker)| breaker.clone()).collect();
    let families: Vec<_> = registry.families.values().map(|(family, _)| family.clone()).collect();
    drop(registry);
    breakers.sort_unstable_by(|one, other| one.label().cmp(other.label()));
    breakers.iter().for_each(&mut see);
    for family in families {
        family.each(&mut see);
    }
}
