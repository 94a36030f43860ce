//! Lists circuits and families for the metrics. A family contains all circuits of one name, one circuit for each key.

use std::collections::BTreeMap;

use crate::base::name::Name;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::Settings;
use crate::registry::all_circuits::{families, registered};
use crate::registry::declared::declared;
use crate::registry::family::{Family, FamilyStats};
use crate::registry::written::merge;

/// Returns the circuits without a key: all registered circuits, and all circuits that an attribute declares. Does not
/// register the declared circuits.
pub(crate) fn circuits() -> BTreeMap<String, CircuitBreaker> {
    let registered = registered().into_iter();
    let mut circuits: BTreeMap<_, _> = registered.map(|circuit| (circuit.name().to_owned(), circuit)).collect();
    for (name, declarations) in declared() {
        let options = &declarations.circuit;
        if !options.is_empty() && !circuits.contains_key(*name) {
            let circuit = CircuitBreaker::one_of_many(Name::Static(name), Settings::shared(merge(options)));
            circuits.insert((*name).to_owned(), circuit);
        }
    }
    circuits
}

/// The number of circuits in a family, and the family itself. The `Option` is `None` if an attribute declares the
/// family, but the family is not registered yet.
type SizeAndFamily = (FamilyStats, Option<Arc<Family<CircuitBreaker>>>);

/// Returns all families by name, including families that an attribute declares.
pub(crate) fn circuit_families() -> BTreeMap<String, SizeAndFamily> {
    let existing = families().into_iter();
    let mut families: BTreeMap<_, _> =
        existing.map(|family| (family.name().to_string(), (family.stats(), Some(family)))).collect();
    for (name, declarations) in declared() {
        let options = &declarations.family;
        if !options.is_empty() {
            let new = || (FamilyStats::of(merge(options).max_keys()), None);
            families.entry((*name).to_owned()).or_insert_with(new);
        }
    }
    families
}
