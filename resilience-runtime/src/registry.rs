//! Implements the registry, which stores layers by name. All parts of a program can therefore share a layer.
//! Attributes, builders and presets (ready-made circuits) set the options of the layers.

pub(crate) mod all_circuits;
pub(crate) mod builder;
mod changes;
pub(crate) mod circuit_changes;
pub(crate) mod configured;
pub(crate) mod conflict;
pub(crate) mod declared;
pub(crate) mod family;
#[cfg(feature = "config")]
pub(crate) mod in_force;
#[cfg(feature = "serde")]
pub(crate) mod kept;
pub(crate) mod key;
mod keyed;
mod keyed_builder;
pub(crate) mod keyed_circuits;
pub(crate) mod keyed_limits;
mod keyed_name;
pub(crate) mod keys;
pub(crate) mod kinds;
mod labels;
pub(crate) mod layer;
pub(crate) mod layer_options;
pub(crate) mod layers;
pub(crate) mod mistake;
pub(crate) mod owned;
mod part;
mod places;
pub mod presets;
mod refusals;
#[expect(clippy::module_inception, reason = "the file of the registry itself")]
pub(crate) mod registry;
pub(crate) mod site;
mod sources;
pub(crate) mod stats;
pub(crate) mod table;
#[cfg(feature = "serde")]
pub(crate) mod waiting;
pub(crate) mod walk;
pub(crate) mod written;
