//! Finds the names by which a test or a service can select a decorated function for a fault.

use std::collections::BTreeSet;

use crate::base::function::{Function, Position, functions};
use crate::registry::declared;
use crate::registry::kinds::{self, DeclaredLayer};

/// Returns the path of the function, and the names of its layers.
pub(crate) fn of(function: &Function) -> &[String] {
    function.names(|| {
        let circuits = declared::all().map(|circuit| (circuit.position, Some(circuit.name)));
        let layers = kinds::all().map(DeclaredLayer::position);
        let here = |(position, name): (Option<Position>, Option<&'static str>)| {
            name.filter(|_| position.is_some_and(|position| position.is_in(function)))
        };
        let names = circuits.chain(layers).filter_map(here).map(str::to_owned);
        [function.path()].into_iter().chain(names).collect()
    })
}

/// Returns the paths of all decorated functions, and the names of their layers.
pub(crate) fn all() -> BTreeSet<&'static str> {
    functions().flat_map(of).map(String::as_str).collect()
}
