//! Implements the registry, which contains all circuits that a program shares by name.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::base::config_error::ConfigError;
#[cfg(feature = "test-util")]
use crate::base::config_error::Value;
use crate::base::name::Name;
use crate::base::sync::{Arc, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::{Options, Settings};
use crate::circuit::stats::CircuitStats;
use crate::registry::conflict::{self, CircuitConflict, conflicts, conflicts_among};
#[cfg(feature = "test-util")]
use crate::registry::declared::CircuitDeclaration;
use crate::registry::declared::{Declarations, declarations, declared};
use crate::registry::family::{Family, FamilyStats};
use crate::registry::part::{By, part_of, registry};
#[cfg(feature = "serde")]
use crate::registry::waiting;
use crate::registry::written::{Written, merge};

/// Registers the circuit of a builder, or adds the builder's options to a registered circuit. Emits an event for each
/// new conflict between the builder and an attribute.
///
/// # Errors
///
/// Returns a [`ConfigError`] if only circuits with the option `key` use the name. Also returns a [`ConfigError`] if the
/// builder contradicts an option that the builder cannot override.
pub(crate) fn register(name: Cow<'static, str>, written: Written) -> Result<CircuitBreaker, ConfigError> {
    let (mut part, hash) = part_of(&name);
    if part.is_free(&name, hash) {
        let breaker = part.create(name.into(), hash, written);
        drop(part);
        emit(&[]);
        return Ok(breaker);
    }
    if let (Some([first, ..]), None) = (part.family_places(&name), part.circuit_places(&name)) {
        let allowed = format!("a name without keys: circuits with keys have this one from {}", first.place);
        return Err(ConfigError::new("name", format!("{name:?}"), allowed));
    }
    let before = part.sources(&name).map_or(&[][..], |sources| sources.fixed());
    refuse_conflict(&name, before, &written)?;
    let (breaker, found) = part.write(name.into(), written, By::Builder);
    drop(part);
    emit(&found);
    Ok(breaker)
}

/// Emits an event for each conflict, and for each circuit that has taken the state of a snapshot. The caller must not
/// hold a lock of the registry, because a subscriber of events may call functions that take this lock.
fn emit(conflicts: &[CircuitConflict]) {
    #[cfg(feature = "serde")]
    waiting::announce();
    conflicts.iter().for_each(conflict::emit);
}

/// Registers the circuit of an attribute, or adds the attribute's options to a registered circuit. If an earlier
/// registration set an option to a different value, the earlier value takes effect. Returns the circuit and the
/// conflicts (contradictory options). The caller must emit an event for each conflict.
pub(crate) fn join(name: &'static str, written: Written) -> (CircuitBreaker, Vec<CircuitConflict>) {
    let (breaker, found) = part_of(name).0.write(Name::Static(name), written, By::Attribute);
    emit(&[]);
    (breaker, found)
}

/// Registers the family (the circuits of one name with a key) of a builder, or adds the builder's options to a
/// registered family. Emits an event for each new conflict between the builder and an attribute.
///
/// # Errors
///
/// Returns a [`ConfigError`] if only circuits without a key use the name. Also returns a [`ConfigError`] if the builder
/// contradicts an option that the builder cannot override.
pub(crate) fn register_family(
    name: Cow<'static, str>,
    written: Written,
) -> Result<Arc<Family<CircuitBreaker>>, ConfigError> {
    let (mut part, _) = part_of(&name);
    if let (Some([first, ..]), None) = (part.circuit_places(&name), part.family_places(&name)) {
        let allowed =
            format!("a name of circuits with keys: a circuit without a key has this one from {}", first.place);
        return Err(ConfigError::new("name", format!("{name:?}"), allowed));
    }
    let before = part.families.get(&name).map_or(&[][..], |keyed| keyed.fixed());
    refuse_conflict(&name, before, &written)?;
    let (family, found) = part.write_family(name, written, By::Builder);
    drop(part);
    emit(&found);
    Ok(family)
}

/// Returns an error if the options `written` of a builder contradict one of the options `before`.
fn refuse_conflict(name: &str, before: &[Arc<Written>], written: &Written) -> Result<(), ConfigError> {
    let Some(conflict) = conflicts(name, before, written).into_iter().next() else { return Ok(()) };
    let CircuitConflict { option, values: [kept, value], places: [place, _], .. } = conflict;
    let allowed = format!("{kept}, which circuit '{}' has from {place}", name.escape_debug());
    Err(ConfigError::new(option, value, allowed))
}

/// Registers the family (the circuits of one name with a key) of an attribute, or adds the attribute's options to a
/// registered family. Returns the family and the conflicts (contradictory options). The caller must emit an event for
/// each conflict.
pub(crate) fn join_family(name: &'static str, next: Written) -> (Arc<Family<CircuitBreaker>>, Vec<CircuitConflict>) {
    let (family, found) = part_of(name).0.write_family(Cow::Borrowed(name), next, By::Attribute);
    emit(&[]);
    (family, found)
}

/// Registers the circuit of a preset (a ready-made circuit), or adds the preset's options to a registered circuit. The
/// options of attributes and builders take precedence over the preset's options.
pub(crate) fn preset(name: &'static str, options: Options) -> CircuitBreaker {
    let (mut part, _) = part_of(name);
    let (breaker, sources, is_new) = part.circuit(Name::Static(name));
    if sources.preset.as_deref() != Some(&options) {
        sources.preset = Some(Box::new(options));
        sources.apply(&breaker);
    }
    let places = sources.written.clone();
    #[cfg(feature = "serde")]
    if is_new {
        waiting::give_waiting(&breaker);
    }
    let found = if is_new { part.conflicts_of_new(name, &places) } else { Vec::new() };
    drop(part);
    emit(&found);
    breaker
}

/// Returns the statistics of every circuit that is registered, or that an attribute declares. The keys of the map are
/// the names of the circuits.
///
/// A circuit with the option `key` appears as `name[key]`, from its first call until the circuit is evicted. A circuit
/// from [`build`](crate::CircuitBuilder::build) is not registered, and so is not listed. This function registers no
/// circuit and changes no state. Without the feature `declare`, the circuit of an attribute is listed from its first
/// call on.
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
#[doc(alias = "metrics")]
pub fn get_circuit_stats() -> BTreeMap<String, CircuitStats> {
    let mut read = Vec::new();
    each(|breaker| read.push((breaker.name().to_owned(), breaker.stats())));
    let mut stats: BTreeMap<_, _> = read.into_iter().collect();
    for (name, Declarations { circuit, .. }) in declared() {
        if !circuit.is_empty() {
            let new = || CircuitBreaker::one_of_many(Name::Static(name), Settings::shared(merge(circuit)));
            stats.entry((*name).to_owned()).or_insert_with(|| new().stats());
        }
    }
    stats
}

/// Returns the statistics of each name with the option `key`.
pub(crate) fn keyed_circuit_stats() -> BTreeMap<String, FamilyStats> {
    let mut stats: BTreeMap<_, _> =
        families().iter().map(|family| (family.name().to_string(), family.stats())).collect();
    for (name, Declarations { family, .. }) in declared() {
        if !family.is_empty() {
            stats.entry((*name).to_owned()).or_insert_with(|| FamilyStats::of(merge(family).max_keys()));
        }
    }
    stats
}

/// Resets every registered circuit, with or without the option `key`, as [`CircuitBreaker::reset`] does. Also drops the
/// states of a snapshot that wait for circuits.
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
    #[cfg(feature = "serde")]
    waiting::drop_circuits();
    each(CircuitBreaker::reset);
}

/// Returns the circuit of this name, or `None` if no circuit has this name. If an attribute declares the circuit, and
/// the circuit has had no call yet, this function registers the circuit.
///
/// The name of a circuit with the option `key` is `name[key]`. A key of more than 128 bytes may be given in full, or in
/// the shortened form that the statistics show.
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
    let (part, hash) = part_of(name);
    if let Some((_, breaker)) = part.find(name, hash) {
        return Some(breaker);
    }
    drop(part);
    if let Some((family, key)) = name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        let family = part_of(family).0.families.get(family)?.family.clone();
        return family.find_text(key);
    }
    create_declared(name, true)
}

/// Registers the circuit that attributes declare under this name. Returns `None` if no attribute declares the circuit.
/// If `in_use` is true, builders can no longer override the options of the attributes.
fn create_declared(name: &str, in_use: bool) -> Option<CircuitBreaker> {
    let (name, _) = declared().get_key_value(name).filter(|(_, declared)| !declared.circuit.is_empty())?;
    let (mut part, _) = part_of(name);
    let (breaker, sources, is_new) = part.circuit(Name::Static(name));
    sources.in_use |= in_use;
    let places = sources.written.clone();
    #[cfg(feature = "serde")]
    if is_new {
        waiting::give_waiting(&breaker);
    }
    let found = if is_new { part.conflicts_of_new(name, &places) } else { Vec::new() };
    drop(part);
    emit(&found);
    Some(breaker)
}

/// Gives the circuit of this name the state that waits for the circuit. The circuit must be registered, or declared by
/// an attribute. The caller must call [`waiting::announce`].
#[cfg(feature = "serde")]
pub(crate) fn restore_circuit(name: &str) {
    let (part, hash) = part_of(name);
    let found = part.find(name, hash);
    drop(part);
    match found {
        Some((_, breaker)) => waiting::give_waiting(&breaker),
        None => drop(create_declared(name, false)),
    }
}

/// Gives the circuits of a family the states that wait for their keys. The family must be registered, or declared by an
/// attribute. Returns the number of states that were dropped, because `max_keys` keys exist already. The caller must
/// call [`waiting::announce`].
#[cfg(feature = "serde")]
pub(crate) fn restore_family(name: &str) -> usize {
    let (mut part, _) = part_of(name);
    let is_new = !part.families.contains_key(name);
    let declared = declared().get_key_value(name).filter(|(_, declared)| !declared.family.is_empty());
    let family = match (part.families.get(name), declared) {
        (Some(keyed), _) => keyed.family.clone(),
        (None, Some((name, _))) => part.family(Cow::Borrowed(name)).family.clone(),
        (None, None) => return 0,
    };
    let places = part.family_places(name).unwrap_or_default().to_vec();
    let found = if is_new { part.conflicts_of_new(name, &places) } else { Vec::new() };
    drop(part);
    let dropped = waiting::give_family(&family);
    emit(&found);
    dropped
}

/// Checks that no circuit has two values for one option, and that no name is used both with and without the option
/// `key`.
///
/// Two attributes or builders also conflict if each sets an option, and the two options cannot be combined, such as
/// `threshold` and `failure_rate`.
///
/// A program with a conflict still runs. If two attributes conflict, the attribute that comes first by file, line and
/// column wins. A builder that registers before the first call of the circuit wins over all attributes. The event
/// `circuit_conflict` reports the conflict when the circuit is registered, or when a later attribute or builder adds
/// the second value.
///
/// If a name is used both with and without the option `key`, the functions without `key` share the circuit `name`. The
/// functions with `key` use the circuits `name[key]`.
///
/// Without the feature `declare`, `check_circuits` knows an attribute only after the first call of the decorated
/// function. `check_circuits` then finds only conflicts between attributes whose functions were called. If two
/// attributes conflict, the attribute whose function was called first wins.
///
/// A test of one line finds the conflicts of a program:
///
/// ```
/// // in a #[test]:
/// assert_eq!(resilience_runtime::check_circuits(), Ok(()));
/// ```
///
/// # Errors
///
/// Returns a list of all conflicts. Each conflict contains the name of the circuit, the name of the option, the two
/// values, and the source positions of the values.
pub fn check_circuits() -> Result<(), Vec<CircuitConflict>> {
    let mut names: BTreeSet<_> = declared().keys().map(|name| Cow::Borrowed(*name)).collect();
    names.extend(registered().iter().map(|breaker| Cow::Owned(breaker.name().to_owned())));
    names.extend(families().iter().map(|family| family.name().clone()));
    let of_name = |name: &Cow<'static, str>| {
        let (part, _) = part_of(name);
        let places = [part.circuit_places(name), part.family_places(name)].into_iter().flatten();
        let of_options = places.flat_map(|places| conflicts_among(name, places));
        of_options.chain(part.conflict_of_kinds(name)).collect::<Vec<_>>()
    };
    let found: Vec<_> = names.iter().flat_map(of_name).collect();
    if found.is_empty() { Ok(()) } else { Err(found) }
}

/// Removes the circuit of this name from the registry, and returns whether a circuit was removed. Use this function for
/// names that the program creates at run time. Without this function, the registry keeps each circuit until the program
/// ends.
///
/// The existing handles of the circuit still work, but [`get_circuit`] and [`get_circuit_stats`] no longer find the
/// circuit. A later [`register`](crate::CircuitBuilder::register) under this name creates a new circuit.
///
/// Removes nothing and returns `false` for an unknown name, for the circuit of an attribute, and for a circuit with the
/// option `key`. Circuits with `key` need no removal, because the option `max_keys` limits their number.
///
/// ```
/// use resilience_runtime::{CircuitBreaker, get_circuit, unregister};
///
/// # fn main() -> Result<(), resilience_runtime::ConfigError> {
/// let breaker = CircuitBreaker::builder(format!("tenant {}", 7)).register()?;
/// assert!(unregister("tenant 7"));
/// assert!(get_circuit("tenant 7").is_none() && !unregister("tenant 7"));
/// assert!(breaker.try_acquire().is_ok());
/// # Ok(())
/// # }
/// ```
#[doc(alias = "remove")]
pub fn unregister(name: &str) -> bool {
    let is_declared = !declarations(name).circuit.is_empty();
    let (mut part, hash) = part_of(name);
    !is_declared && part.remove(name, hash)
}

/// Returns the options in force for the circuit of an attribute, except the options that have their defaults.
#[cfg(feature = "test-util")]
pub(crate) fn settings_of(circuit: &CircuitDeclaration) -> Vec<(&'static str, Value)> {
    let options = part_of(circuit.name).0.in_force(circuit.name, circuit.keyed);
    let mut settings = Vec::new();
    options.each(|option, value| settings.push((option.as_str(), value)));
    settings
}

/// Returns the number of calls of every registered circuit, including the calls that the circuit rejected.
#[cfg(feature = "test-util")]
pub(crate) fn calls_by_name() -> BTreeMap<String, u64> {
    let mut calls = BTreeMap::new();
    each(|breaker| {
        let stats = breaker.stats();
        let ended = stats.total_succeeded + stats.total_failed + stats.total_ignored + stats.total_cancelled;
        calls.insert(stats.name, ended + stats.total_rejected);
    });
    calls
}

/// Returns the names of all circuits, with and without keys, that are registered or that an attribute declares.
pub(crate) fn names() -> BTreeSet<String> {
    let declared = declared().keys().map(|name| (*name).to_owned());
    let registered = registered().into_iter().map(|breaker| breaker.name().to_owned());
    declared.chain(registered).chain(families().iter().map(|family| family.name().to_string())).collect()
}

/// Calls `see` for every registered circuit. No lock is held while `see` runs. Circuits without a key come first,
/// sorted by name.
pub(crate) fn each(mut see: impl FnMut(&CircuitBreaker)) {
    let mut breakers = registered();
    breakers.sort_unstable_by(|one, other| one.label().cmp(other.label()));
    breakers.iter().for_each(&mut see);
    let mut families = families();
    families.sort_unstable_by(|one, other| one.name().cmp(other.name()));
    families.iter().flat_map(|family| family.iter()).for_each(|circuit| see(&circuit));
}

/// Returns every registered circuit without a key. Unlocks each part of the registry after a few circuits, so that
/// other threads never wait for a whole list.
pub(crate) fn registered() -> Vec<CircuitBreaker> {
    let mut breakers = Vec::new();
    for part in &registry().parts {
        let mut next = Some(0);
        while let Some(from) = next {
            let (some, end) = lock(part).step(from);
            breakers.extend(some);
            next = end;
        }
    }
    breakers
}

pub(crate) fn families() -> Vec<Arc<Family<CircuitBreaker>>> {
    let mut families = Vec::new();
    for part in &registry().parts {
        families.extend(lock(part).families.values().map(|keyed| keyed.family.clone()));
    }
    families
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;

    #[test]
    fn list_has_every_circuit_once_while_others_are_registered() {
        let register = |name: String| CircuitBreaker::builder(name).register().unwrap();
        let names: BTreeSet<_> = (0..20_000).map(|n| format!("listed {n}")).collect();
        names.iter().cloned().for_each(|name| drop(register(name)));
        let listed = std::thread::scope(|scope| {
            let others = scope.spawn(|| (0..20_000).for_each(|n| drop(register(format!("other {n}")))));
            let lists: Vec<_> = std::iter::repeat_with(registered).take_while(|_| !others.is_finished()).collect();
            lists.into_iter().chain([registered()]).collect::<Vec<_>>()
        });
        for list in listed {
            let mut found: Vec<_> =
                list.iter().map(CircuitBreaker::name).filter(|name| names.contains(*name)).collect();
            found.sort_unstable();
            assert!(found.into_iter().eq(&names));
        }
        assert!(names.iter().all(|name| unregister(name)));
        assert!(registered().iter().all(|breaker| !names.contains(breaker.name())));
    }
}
