//! Merges the options of the attributes that share one layer, and finds the contradictions between them.

use crate::registry::layer::{Layer, LayerDeclaration, Options};
use crate::registry::mistake::{LayerConflict, MissingOption, SettingsMistake};

/// The declaration of one attribute. Declarations are compared by address, because attributes from one `macro_rules!`
/// call may have the same source position.
pub(super) type Place<L> = &'static LayerDeclaration<L>;

/// Merges the options of several attributes. Leaves out each option that contradicts the attributes before it.
pub(super) fn merged<L: Layer>(places: &[Place<L>]) -> L::Options {
    places.iter().fold(L::Options::NONE, |sum, next| sum.joined(next.options))
}

/// Returns the first attribute in `places` whose value of `option` takes effect. Ignores an attribute whose value a
/// contradiction has left out.
pub(super) fn source<L: Layer>(places: &[Place<L>], option: &str) -> Option<Place<L>> {
    let mut sum = L::Options::NONE;
    let found = places.iter().find(|next| {
        sum = sum.joined(next.options);
        sum.get(option).is_some()
    });
    found.copied()
}

/// Returns the contradictions between the attributes in `places`. Also returns a mistake if a required option is
/// missing in all these attributes.
pub(super) fn mistakes<L: Layer>(places: &[Place<L>]) -> Vec<SettingsMistake> {
    let conflicts = (1..places.len()).flat_map(|index| conflicts(&places[..index], places[index]));
    let missing = merged(places).missing().and_then(|option| {
        let place = places.iter().find(|place| place.evaluated != Some(option))?;
        let name = place.name.unwrap_or_default().to_owned();
        Some(SettingsMistake::MissingOption(MissingOption {
            layer: L::KIND,
            name,
            option,
            place: place.place.to_string(),
        }))
    });
    conflicts.chain(missing).collect()
}

/// Returns a conflict for each option that `next` and an attribute in `before` set to different values. If the options
/// of `next` cannot be combined with the options in `before`, also returns a conflict for the first option of `next`
/// that has no effect. Ignores an option in `before` that an earlier contradiction has left out, because its value does
/// not take effect.
pub(super) fn conflicts<L: Layer>(before: &[Place<L>], next: Place<L>) -> Vec<SettingsMistake> {
    let differing = next.options.entries().into_iter().filter_map(|(option, value)| {
        let value = value?;
        let place = source(before, option)?;
        let kept = place.options.get(option)?;
        (kept != value).then(|| conflict(place, next, option, [kept.to_string(), value.to_string()]))
    });
    differing.chain(contradiction(before, next)).collect()
}

/// Returns a conflict for the first option that only `next` sets, and that cannot be combined with the options in
/// `before`.
fn contradiction<L: Layer>(before: &[Place<L>], next: Place<L>) -> Option<SettingsMistake> {
    let (earlier, first) = (merged(before), before.first()?);
    let error = earlier.or(next.options).contradiction()?;
    let joined = earlier.joined(next.options).entries();
    let is_new = |option| source(before, option).is_none();
    let mut lost = next.options.entries().into_iter().filter(|own| own.1.is_some() && !joined.contains(own));
    let (option, value) = lost.find(|(option, _)| is_new(*option))?;
    // The error may name an option of `before`. For example, the `delay` of `next` is lost, because it is longer than
    // the `max_delay` of `before`, and the error names `max_delay`.
    let kept = if option == error.option() { format!("limited ({})", error.allowed()) } else { "absent".to_owned() };
    Some(conflict(*first, next, option, [kept, value?.to_string()]))
}

fn conflict<L: Layer>(first: Place<L>, next: Place<L>, option: &'static str, values: [String; 2]) -> SettingsMistake {
    SettingsMistake::LayerConflict(LayerConflict {
        layer: L::KIND,
        name: next.name.unwrap_or_default().to_owned(),
        option,
        values,
        places: [first.place.to_string(), next.place.to_string()],
    })
}

/// Returns the conflict of a name that the attributes in `plain` use without the option `key`, and the attributes in
/// `keyed` with this option. Returns `None` if one of the lists is empty.
pub(super) fn conflict_of_kinds<L: Layer, K: Layer>(plain: &[Place<L>], keyed: &[Place<K>]) -> Option<SettingsMistake> {
    let (plain, keyed) = (plain.first()?, keyed.first()?);
    Some(SettingsMistake::LayerConflict(LayerConflict {
        layer: L::KIND,
        name: plain.name.unwrap_or_default().to_owned(),
        option: "key",
        values: ["absent".to_owned(), "present".to_owned()],
        places: [plain.place.to_string(), keyed.place.to_string()],
    }))
}
