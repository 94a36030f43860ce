//! Registers circuits, finds circuits by their names, and removes circuits.

use std::borrow::Cow;
use std::mem::replace;

use crate::base::config_error::ConfigError;
#[cfg(feature = "test-util")]
use crate::base::config_error::Value;
use crate::base::name::Name;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::options::Options;
use crate::registry::conflict::{self, CircuitConflict, conflicts};
#[cfg(feature = "test-util")]
use crate::registry::declared::CircuitDeclaration;
use crate::registry::declared::{declarations, declared};
use crate::registry::family::Family;
use crate::registry::keyed_name::KeyedName;
use crate::registry::part::{By, part_of};
use crate::registry::sources::Sources;
#[cfg(feature = "serde")]
use crate::registry::waiting;
use crate::registry::written::Written;

/// Registers the circuit of a builder, or adds the builder's options to the registered circuit of this name. Emits an
/// event for each new conflict (contradictory options) of this name.
///
/// # Errors
///
/// Returns a [`ConfigError`] if only circuits with the option `key` use the name, or if the builder contradicts a
/// change at run time or an option that it cannot override.
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
        return Err(ConfigError::of_name(&name, allowed));
    }
    let sources = part.sources(&name);
    refuse_conflict(&name, sources.map_or(&[][..], Sources::fixed), &written)?;
    sources.map_or(Ok(()), |sources| sources.check_builder(written))?;
    let (breaker, found) = part.write(name.into(), written, By::Builder);
    drop(part);
    emit(&found);
    Ok(breaker)
}

/// Emits an event for each of `conflicts`, and for each circuit that this thread has restored from a snapshot. The
/// caller must hold no lock of the registry, because a subscriber may call functions that take the same lock.
fn emit(conflicts: &[CircuitConflict]) {
    #[cfg(feature = "serde")]
    waiting::announce();
    conflicts.iter().for_each(conflict::emit);
}

/// Registers the circuit of an attribute, or adds the attribute's options to the registered circuit of this name. If an
/// option has a different value already, the earlier value stays in force. Returns the circuit, and the conflicts for
/// which the caller must emit events.
pub(crate) fn join(name: &'static str, written: Written) -> (CircuitBreaker, Vec<CircuitConflict>) {
    let (breaker, found) = part_of(name).0.write(Name::Static(name), written, By::Attribute);
    emit(&[]);
    (breaker, found)
}

/// Works like [`register`], for a family (the circuits with one name and the option `key`).
///
/// # Errors
///
/// Returns a [`ConfigError`] if only a circuit without a key uses the name, or if the builder contradicts a change at
/// run time or an option that it cannot override.
pub(crate) fn register_family(
    name: Cow<'static, str>,
    written: Written,
) -> Result<Arc<Family<CircuitBreaker>>, ConfigError> {
    let (mut part, _) = part_of(&name);
    if let (Some(places), None) = (part.circuit_places(&name), part.family_places(&name)) {
        let place = places.first().map_or_else(|| "a preset".to_owned(), |first| first.place.to_string());
        let allowed = format!("a name of circuits with keys: a circuit without a key has this one from {place}");
        return Err(ConfigError::of_name(&name, allowed));
    }
    let keyed = part.families.get(&name);
    refuse_conflict(&name, keyed.map_or(&[][..], KeyedName::fixed), &written)?;
    keyed.map_or(Ok(()), |keyed| keyed.check_builder(written))?;
    let (family, found) = part.write_family(name, written, By::Builder);
    drop(part);
    emit(&found);
    Ok(family)
}

/// Returns an error if the options `written` of a builder contradict `before`, the options that a builder cannot
/// override.
fn refuse_conflict(name: &str, before: &[Arc<Written>], written: &Written) -> Result<(), ConfigError> {
    let Some(conflict) = conflicts(name, before, written).into_iter().next() else { return Ok(()) };
    let CircuitConflict { option, values: [kept, value], places: [place, _], .. } = conflict;
    let allowed = format!("{kept}, which circuit '{}' has from {place}", name.escape_debug());
    Err(ConfigError::new(option, value, allowed))
}

/// Works like [`join`], for a family (the circuits with one name and the option `key`).
pub(crate) fn join_family(name: &'static str, next: Written) -> (Arc<Family<CircuitBreaker>>, Vec<CircuitConflict>) {
    let (family, found) = part_of(name).0.write_family(Cow::Borrowed(name), next, By::Attribute);
    emit(&[]);
    (family, found)
}

/// Registers the circuit of a preset (a ready-made circuit), or adds the preset's options to the registered circuit of
/// this name. The options of attributes and builders take precedence.
pub(crate) fn preset(name: &'static str, options: Options) -> CircuitBreaker {
    let (mut part, _) = part_of(name);
    let (breaker, sources) = part.circuit(Name::Static(name));
    if sources.preset.as_deref() != Some(&options) {
        sources.preset = Some(Box::new(options));
        sources.apply(&breaker);
    }
    let was_reported = replace(&mut sources.is_reported, true);
    let places = sources.written.clone();
    #[cfg(feature = "serde")]
    if !was_reported {
        waiting::give_waiting(&breaker);
    }
    let found = if was_reported { Vec::new() } else { part.conflicts_of_new(name, &places) };
    drop(part);
    emit(&found);
    breaker
}

/// Returns the circuit of this name, or `None` if no circuit has this name. If an attribute declares the circuit, but
/// no call has registered it yet, the function registers the circuit. Builders can then no longer override the options
/// of the attribute.
///
/// The name of a circuit with the option `key` is `name[key]`. The function does not create the circuit of a key. For a
/// key of more than 128 bytes, the argument may contain the shortened key that the statistics show. If this key is a
/// text, the argument may also contain the whole key.
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
    let is_unused = |place| part.circuits.value(place).as_deref().is_some_and(Sources::is_unused);
    match part.find(name, hash) {
        Some((place, breaker)) if !is_unused(place) => return Some(breaker),
        Some(_) => {
            drop(part);
            return create_declared(name, true);
        }
        None => drop(part),
    }
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
    let (breaker, sources) = part.circuit(Name::Static(name));
    sources.in_use |= in_use;
    let was_reported = replace(&mut sources.is_reported, true);
    let places = sources.written.clone();
    #[cfg(feature = "serde")]
    if !was_reported {
        waiting::give_waiting(&breaker);
    }
    let found = if was_reported { Vec::new() } else { part.conflicts_of_new(name, &places) };
    drop(part);
    emit(&found);
    Some(breaker)
}

/// Restores the circuit of this name from a snapshot, if the circuit is registered or an attribute declares it. The
/// caller must then call [`waiting::announce`], which emits the event of the restored circuit.
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

/// Restores the circuits of a family from a snapshot, if the family is registered or an attribute declares it. Returns
/// the number of states that were dropped because `max_keys` keys exist already.
#[cfg(feature = "serde")]
pub(crate) fn restore_family(name: &str) -> usize {
    let (mut part, _) = part_of(name);
    let declared = declared().get_key_value(name).filter(|(_, declared)| !declared.family.is_empty());
    let family = match (part.families.get(name), declared) {
        (Some(keyed), _) => keyed.family.clone(),
        (None, Some((name, _))) => part.family(Cow::Borrowed(name)).family.clone(),
        (None, None) => return 0,
    };
    let was_reported = part.families.get_mut(name).is_none_or(|keyed| replace(&mut keyed.is_reported, true));
    let places = part.family_places(name).unwrap_or_default().to_vec();
    let found = if was_reported { Vec::new() } else { part.conflicts_of_new(name, &places) };
    drop(part);
    let dropped = waiting::give_family(&family);
    emit(&found);
    dropped
}

/// Removes the circuit of this name from the registry, and returns whether it was removed. Use this function for names
/// that the program creates at run time. Without this function, the registry keeps each of these circuits until the
/// program ends.
///
/// Existing handles of the circuit still work, but [`get_circuit`] and [`get_circuit_stats`](crate::get_circuit_stats)
/// no longer find the circuit. A later [`register`](crate::CircuitBuilder::register) under this name creates a new
/// circuit. The new circuit has none of the settings that the program changed while it ran. These are the settings from
/// [`configure`](fn@crate::configure), from a file and from the environment.
///
/// Returns `false`, and removes nothing, for an unknown name, for the circuit of an attribute, and for a circuit with
/// the option `key`. The option `max_keys` limits the number of circuits with keys. Without the feature `declare`, a
/// circuit counts as the circuit of an attribute only after the first call of the decorated function.
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

/// Returns the options in force for the circuit of an attribute. Leaves out options that are not set, and therefore
/// have their defaults.
#[cfg(feature = "test-util")]
pub(crate) fn settings_of(circuit: &CircuitDeclaration) -> Vec<(&'static str, Value)> {
    let options = part_of(circuit.name).0.in_force(circuit.name, circuit.keyed);
    let mut settings = Vec::new();
    options.each(|option, value| settings.push((option.as_str(), value)));
    settings
}
