//! Lists, reads, checks and resets all circuits of the registry.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::base::name::Name;
use crate::base::sync::{Arc, lock};
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::Settings;
use crate::circuit::stats::CircuitStats;
use crate::registry::conflict::{CircuitConflict, conflicts_among};
use crate::registry::declared::{Declarations, declared};
use crate::registry::family::{Family, FamilyStats};
use crate::registry::part::{part_of, registry};
#[cfg(feature = "serde")]
use crate::registry::waiting;
use crate::registry::written::merge;

/// Returns a map from the names of circuits to their statistics. The map contains every circuit that is registered, or
/// that an attribute declares.
///
/// A circuit with the option `key` is listed as `name[key]`, from its first call until its eviction (its removal in
/// favour of other keys). A circuit that [`build`](crate::CircuitBuilder::build) creates is not listed, because it is
/// not registered. This function changes no circuit and registers no circuit. Without the feature `declare`, the
/// circuit of an attribute is listed from its first call on.
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

/// Returns the current and the maximum number of circuits, for each name that is used with the option `key`.
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

/// Calls [`CircuitBreaker::reset`] for every registered circuit, with or without a key. A restored snapshot may contain
/// states of circuits that do not exist yet. The function also drops these states.
///
/// Each circuit emits the event `circuit_reset`, even if it was closed. If the program has more than 1,024 circuits, a
/// stream of [`subscribe`](crate::subscribe) can therefore miss events.
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

/// Checks the options of all circuits for conflicts. Two attributes or builders with the same name conflict in three
/// cases:
///
/// - They set one option to different values.
/// - Only one of them has the option `key`.
/// - They set options that cannot be combined, such as `threshold` and `failure_rate`.
///
/// A program with a conflict still runs. If two attributes conflict, the attribute that comes first by file, line and
/// column wins. A builder that registers before the first call of the circuit wins over all attributes. The event
/// `circuit_conflict` reports the conflict when the circuit is registered, or when another attribute or builder adds
/// options.
///
/// If a name is used both with and without the option `key`, the functions without `key` share the circuit `name`. The
/// functions with `key` use the circuits `name[key]`.
///
/// Without the feature `declare`, `check_circuits` does not find an attribute before the first call of its function. In
/// this case, the attribute whose function was called first wins a conflict.
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
/// Returns a list of all conflicts. Each conflict contains the circuit, the option, the two values and their source
/// positions.
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

/// Returns the number of ended and rejected calls for each registered circuit.
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

/// Returns every registered circuit without a key. Holds a lock of the registry only for a few circuits at a time, so
/// that other threads never wait until the whole list is complete.
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
    use crate::registry::registry::unregister;

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
