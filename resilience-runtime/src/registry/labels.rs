//! Creates the labels under which the statistics list the layers without a name.

use std::collections::BTreeMap;

use crate::registry::layer::Layer;
use crate::registry::places::Place;

/// Returns the path `module::function` of the function with this attribute.
pub(super) fn path<L: Layer>(declaration: Place<L>) -> String {
    format!("{}::{}", declaration.module, declaration.func)
}

/// Returns the label `module::function` for each layer without a name. If two labels would be equal, adds the line
/// number of the attribute to both labels. If two line numbers are equal, too, adds a suffix such as `#2` to the second
/// label. If a label would equal the name of a layer, also adds the line number, and such a suffix if necessary.
/// `is_name` returns whether a text is the name of a layer.
pub(super) fn labels<L: Layer>(
    declarations: impl Iterator<Item = Place<L>> + Clone,
    is_name: impl Fn(&str) -> bool,
) -> Vec<String> {
    let all: Vec<_> = declarations.clone().map(path).collect();
    let mut seen = BTreeMap::<String, usize>::new();
    all.iter()
        .zip(declarations)
        .map(|(label, declaration)| {
            if all.iter().filter(|other| *other == label).count() == 1 && !is_name(label) {
                return label.clone();
            }
            let label = format!("{label}:{}", declaration.place.line());
            let number = seen.entry(label.clone()).or_default();
            loop {
                *number += 1;
                let label = if *number == 1 { label.clone() } else { format!("{label}#{number}") };
                if !is_name(&label) {
                    return label;
                }
            }
        })
        .collect()
}
