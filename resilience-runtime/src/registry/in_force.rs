//! Lists the options in force for each layer, with the origin of each value.

use std::fmt::Display;
use std::panic::Location;

use crate::base::config_error::Value;
use crate::base::sync::Arc;
use crate::circuit::options::Options as CircuitOptions;
use crate::registry::all_circuits::names;
use crate::registry::configured::{Configured, Origin};
use crate::registry::keyed_name::KeyedName;
use crate::registry::layer::{Layer, Options};
use crate::registry::layers::{Known, Layers, Listed};
use crate::registry::part::{Part, part_of};
use crate::registry::places;
use crate::registry::sources::Sources;
use crate::registry::written::{Written, merge, source};

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct InForce {
    pub(crate) option: &'static str,
    pub(crate) value: Value,
    /// The origin of the value, such as a source position or a line of a configuration file.
    pub(crate) origin: String,
}

/// The options in force for the circuits of one name.
#[derive(Clone, Debug)]
pub(crate) struct OfCircuits {
    pub(crate) name: String,
    /// The options of the circuit without a key.
    pub(crate) circuit: Option<Vec<InForce>>,
    /// The options of the circuits with keys.
    pub(crate) family: Option<Vec<InForce>>,
}

/// Returns the options in force for all circuits, sorted by name.
pub(crate) fn circuits() -> Vec<OfCircuits> {
    let of_name = |name: String| {
        let (part, _) = part_of(&name);
        let (circuit, family) = (of_circuit(&part, &name), of_family(&part, &name));
        OfCircuits { name, circuit, family }
    };
    names().into_iter().map(of_name).collect()
}

fn of_circuit(part: &Part, name: &str) -> Option<Vec<InForce>> {
    let places = part.circuit_places(name)?;
    let sources = part.sources(name);
    let configured = sources.map(|sources| sources.configured.clone()).unwrap_or_default();
    let preset = sources.and_then(|sources| sources.preset.as_deref().copied());
    let options = sources.map_or_else(|| merge(places), Sources::options);
    Some(of_options(options, &configured, places, preset))
}

fn of_family(part: &Part, name: &str) -> Option<Vec<InForce>> {
    let places = part.family_places(name)?;
    let keyed = part.families.get(name);
    let configured = keyed.map(|keyed| keyed.configured.clone()).unwrap_or_default();
    let options = keyed.map_or_else(|| merge(places), KeyedName::options);
    Some(of_options(options, &configured, places, None))
}

/// Returns the options in force for one circuit. Searches for the origin of each value in the changes at run time, then
/// in attributes and builders, then in the preset (a ready-made circuit). The first place whose value takes effect is
/// the origin.
fn of_options(
    options: CircuitOptions,
    configured: &Configured<CircuitOptions>,
    places: &[Arc<Written>],
    preset: Option<CircuitOptions>,
) -> Vec<InForce> {
    let mut all = Vec::new();
    options.each(|option, value| {
        let changed = source_of_change(configured, CircuitOptions::or, |options| options.get(option).is_some());
        let changed = changed.map(|origin| of_change(origin, option.as_str()));
        let written = || source(places, option).map(|written| of_source(written.place));
        let preset = || preset.and_then(|options| options.get(option)).map(|_| "preset".to_owned());
        let origin = changed.or_else(written).or_else(preset).unwrap_or_default();
        all.push(InForce { option: option.as_str(), value, origin });
    });
    all
}

impl<L: Listed> Layers<L> {
    /// Returns the label of each layer, and the options in force for this layer.
    pub(crate) fn in_force(&self) -> Vec<(String, Vec<InForce>)> {
        self.known().into_iter().map(|(label, known)| (label, known.in_force())).collect()
    }
}

impl<L: Layer> Known<L> {
    fn in_force(&self) -> Vec<InForce> {
        let options = self.configured.over(self.written, L::Options::over);
        // Leaves out `tokens`, because each call has a number of tokens of its own. The option stores only whether an
        // attribute sets this number.
        let options = options.entries().into_iter().filter(|(option, _)| *option != "tokens");
        let set = options.filter_map(|(option, value)| Some((option, value?)));
        set.map(|(option, value)| {
            let is_set = |options: &L::Options| options.get(option).is_some();
            let changed = source_of_change(&self.configured, L::Options::over, is_set);
            let changed = changed.map(|origin| of_change(origin, option));
            let place = || places::source(&self.places, option).map(|place| of_source(place.place));
            InForce { option, value, origin: changed.or_else(place).unwrap_or_default() }
        })
        .collect()
    }
}

/// Returns the origin of the first change whose value of an option takes effect. `is_set` returns whether the option is
/// set. Ignores a change whose value a contradiction has left out.
fn source_of_change<O: Copy + PartialEq>(
    configured: &Configured<O>,
    or: impl Fn(O, O) -> O,
    is_set: impl Fn(&O) -> bool,
) -> Option<&Origin> {
    let mut sum = None;
    let found = configured.iter().find(|(_, next)| {
        let all = sum.map_or(*next, |sum| or(sum, *next));
        sum = Some(all);
        is_set(&all)
    });
    found.map(|(origin, _)| origin)
}

fn of_change(origin: &Origin, option: &'static str) -> String {
    match origin {
        Origin::Code(place) => format!("configured at {}", of_source(place)),
        Origin::Places(..) => origin.of(option),
    }
}

/// Returns the file and the line of an attribute, of a builder, or of a call of a function such as `configure`.
fn of_source(place: &Location<'_>) -> String {
    let file: &dyn Display = &place.file().escape_debug();
    format!("{file}:{}", place.line())
}
