//! Lists the circuits, and the families (the circuits of one name with a key), for the metrics.

use std::collections::BTreeMap;

use crate::base::name::Name;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::settings::Settings;
use crate::registry::all_circuits::{families, registered};
use crate::registry::declared::declared;
use crate::registry::family::{Family, FamilyStats};
use crate::registry::written::merge;

/// Returns every circuit without a key that is registered, or that an attribute declares. Does not register a declared
/// circuit.
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

/// The number of circuits of a name with the option `key`, and the family, or `None` before the first call.
type SizeAndFamily = (FamilyStats, Option<Arc<Family<CircuitBreaker>>>);

/// Returns the family of each name with the option `key`.
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
