//! Defines the mistakes in settings: contradictions, and missing required options.

use thiserror::Error;

use tracing::field::display;

use crate::events::event;
use crate::registry::conflict::{self, CircuitConflict};

/// Describes a mistake in the settings of a layer. [`check`](crate::check) returns a list of mistakes.
///
/// ```standalone_crate
/// use resilience_runtime::{SettingsMistake, bulkhead, check};
///
/// #[bulkhead(name = "mistake_example", max = 3)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// #[bulkhead(name = "mistake_example", max = 5)]
/// async fn tell() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # if cfg!(not(feature = "declare")) { ask().await.unwrap(); tell().await.unwrap() }
/// let mistakes = check().unwrap_err();
/// assert!(matches!(mistakes[0], SettingsMistake::LayerConflict(_)));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(transparent)]
#[non_exhaustive]
pub enum SettingsMistake {
    /// Two attributes or builders set contradictory options of one circuit.
    CircuitConflict(#[from] CircuitConflict),
    /// Two attributes set contradictory options of one retry, timeout, bulkhead, rate limit or hedge.
    LayerConflict(#[from] LayerConflict),
    /// No attribute of a layer sets an option that the layer requires.
    MissingOption(#[from] MissingOption),
}

impl SettingsMistake {
    pub(crate) fn emit(&self) {
        match self {
            Self::CircuitConflict(conflict) => conflict::emit(conflict),
            Self::LayerConflict(LayerConflict {
                layer,
                name,
                option,
                values: [kept, ignored],
                places: [kept_at, ignored_at],
            }) => {
                let name = name.escape_debug();
                event!(warn, "layer_conflict", layer, name = display(name), option, kept, kept_at, ignored, ignored_at);
            }
            Self::MissingOption(MissingOption { layer, name, option, place }) => {
                let name = name.escape_debug();
                event!(error, "option_missing", layer, name = display(name), option, place);
            }
        }
    }
}

/// Describes a contradiction between two attributes with the same name.
///
/// ```standalone_crate
/// use resilience_runtime::{SettingsMistake, bulkhead, check};
///
/// #[bulkhead(name = "layer_conflict_example", max = 3)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// #[bulkhead(name = "layer_conflict_example", max = 5)]
/// async fn tell() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// # if cfg!(not(feature = "declare")) { ask().await.unwrap(); tell().await.unwrap() }
/// let mistakes = check().unwrap_err();
/// let SettingsMistake::LayerConflict(conflict) = &mistakes[0] else { panic!() };
/// assert_eq!((conflict.layer, conflict.option, conflict.values.join(" or ").as_str()), ("bulkhead", "max", "3 or 5"));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{layer} '{}': `{option}` is {} at {}, but {} at {}",
    name.escape_debug(), values[0], places[0], values[1], places[1]
)]
#[non_exhaustive]
pub struct LayerConflict {
    /// The kind of the layer, such as `bulkhead` or `rate limit`.
    pub layer: &'static str,
    /// The name of the layer.
    pub name: String,
    /// The name of the option with two values. The option is `key` if attributes use the name both with and without
    /// `key`.
    pub option: &'static str,
    /// The two values of the option, as text. The first value takes effect. For the option `key`, both values take
    /// effect: all calls without a key share one layer, and each key has its own layer.
    ///
    /// If the option cannot be combined with another option, the first text is `absent`, or describes the allowed
    /// values.
    pub values: [String; 2],
    /// The source positions of the two values, as `file:line:column`.
    pub places: [String; 2],
}

/// Describes a required option that is missing in all attributes with one name.
///
/// Without the option, a bulkhead or a rate limit rejects every call, and a timeout or a hedge has no effect. Without
/// the feature `declare`, the missing option is a compile error instead.
///
/// ```standalone_crate
/// # #[cfg(feature = "declare")]
/// use resilience_runtime::{SettingsMistake, bulkhead, check};
///
/// # #[cfg(feature = "declare")]
/// #[bulkhead(name = "missing_option_example")]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[cfg(feature = "declare")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mistakes = check().unwrap_err();
/// let SettingsMistake::MissingOption(missing) = &mistakes[0] else { panic!() };
/// assert_eq!((missing.name.as_str(), missing.option), ("missing_option_example", "max"));
/// assert!(ask().await.is_err()); // the bulkhead rejects every call
/// # }
/// # #[cfg(not(feature = "declare"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{layer} '{}': `{option}` is missing: write it in one of the attributes, such as {place}", name.escape_debug())]
#[non_exhaustive]
pub struct MissingOption {
    /// The kind of the layer, such as `bulkhead` or `rate limit`.
    pub layer: &'static str,
    /// The name of the layer.
    pub name: String,
    /// The name of the option.
    pub option: &'static str,
    /// The source position of one attribute with this name, as `file:line:column`.
    pub place: String,
}
