//! Defines the kinds of layers whose settings a file or the environment can change.

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::base::config_error::ConfigError;
use crate::base::raw::Raw;
use crate::bulkhead::bulkhead::Bulkhead;
use crate::circuit::options::Options as CircuitOptions;
use crate::configure::settings::{BulkheadSettings, HedgeSettings, RateLimitSettings, RetrySettings, TimeoutSettings};
use crate::hedge::hedge::Hedge;
use crate::rate_limit::rate_limit::RateLimit;
use crate::registry::all_circuits;
use crate::registry::circuit_changes;
use crate::registry::configured::{Origin, Source};
use crate::registry::keyed_limits::{KeyedBulkheads, KeyedRateLimits};
use crate::registry::layer::{Layer, Options};
use crate::registry::layer_options::{BulkheadOptions, HedgeOptions, RateLimitOptions, RetryOptions, TimeoutOptions};
use crate::registry::layers::Listed;
use crate::retry::layer::Retry;
use crate::timeout::timeout::Timeout;

/// A kind of layer whose settings a file or the environment can change.
pub(super) trait Target {
    type Options: Copy + PartialEq;
    /// The name of the table in a file, such as `rate_limit`.
    const TABLE: &'static str;
    /// The word for the layer in messages, such as `rate limit`.
    const KIND: &'static str;
    /// The names of the settings.
    const NAMES: &'static [&'static str];
    const NONE: Self::Options;

    /// Sets the setting with the name `option` to `value`.
    ///
    /// # Errors
    ///
    /// Returns a description of the allowed values if the value has the wrong type.
    fn set(options: &mut Self::Options, option: &str, value: &Raw) -> Result<(), Cow<'static, str>>;

    /// Returns all settings of `one`, and each setting of `other` that `one` does not set. Leaves out a setting of
    /// `other` that cannot be combined with a setting of `one`.
    fn or(one: Self::Options, other: Self::Options) -> Self::Options;

    /// Leaves out each setting whose name is not in `names`.
    fn only(options: Self::Options, names: &[&str]) -> Self::Options;

    /// Checks the range of each setting.
    fn check(options: &Self::Options) -> Result<(), ConfigError>;

    /// Returns the names under which the statistics list the layers of this kind, each name once.
    fn known() -> Vec<String>;

    /// Checks whether [`replace`](Self::replace) would succeed, and changes nothing. Returns false if no layer has this
    /// name.
    fn try_replace(name: &str, source: Source, new: New<'_, Self::Options>) -> Result<bool, ConfigError>;

    /// Removes the earlier settings that the layer `name` has from `source`, and sets the settings in `new`. Returns a
    /// function that restores the earlier settings, or `None` if no layer has this name.
    fn replace(name: &str, source: Source, new: New<'_, Self::Options>) -> Result<Option<Undo>, ConfigError>;
}

/// The new settings of one layer, or `None` to remove the earlier settings without replacement.
pub(super) type New<'a, O> = Option<&'a (Origin, O)>;

/// A function that restores the earlier settings of a layer.
pub(super) type Undo = Box<dyn FnOnce()>;

pub(super) struct Circuits;

impl Target for Circuits {
    type Options = CircuitOptions;
    const TABLE: &'static str = "circuit";
    const KIND: &'static str = "circuit";
    const NAMES: &'static [&'static str] = CircuitOptions::NAMES;
    const NONE: CircuitOptions = CircuitOptions::NONE;

    fn set(options: &mut CircuitOptions, option: &str, value: &Raw) -> Result<(), Cow<'static, str>> {
        options.set(option, value)
    }

    fn or(one: CircuitOptions, other: CircuitOptions) -> CircuitOptions {
        one.or(other)
    }

    fn only(options: CircuitOptions, names: &[&str]) -> CircuitOptions {
        options.only(names)
    }

    fn check(options: &CircuitOptions) -> Result<(), ConfigError> {
        options.check_ranges()
    }

    fn known() -> Vec<String> {
        all_circuits::names().into_iter().collect()
    }

    fn try_replace(name: &str, source: Source, new: New<'_, CircuitOptions>) -> Result<bool, ConfigError> {
        circuit_changes::try_replace(name, source, new)
    }

    fn replace(name: &str, source: Source, new: New<'_, CircuitOptions>) -> Result<Option<Undo>, ConfigError> {
        let before = circuit_changes::replace(name, source, new)?;
        let name = name.to_owned();
        Ok(before.map(|before| -> Undo { Box::new(move || circuit_changes::restore(&name, &before)) }))
    }
}

/// Implements [`Target`] for a kind of layer. The type `Bulkheads` stands for bulkheads both with and without the
/// option `key`. The type `RateLimits` stands for both kinds of rate limits.
macro_rules! targets {
    ($($target:ident: $table:literal, $settings:ident, $options:ident, $layer:ident $(or $keyed:ident)?;)*) => {
        $(
            pub(super) struct $target;

            impl Target for $target {
                type Options = $options;
                const TABLE: &'static str = $table;
                const KIND: &'static str = <$layer as Layer>::KIND;
                const NAMES: &'static [&'static str] = $settings::NAMES;
                const NONE: $options = $options::NONE;

                fn set(options: &mut $options, option: &str, value: &Raw) -> Result<(), Cow<'static, str>> {
                    let mut settings = $settings(*options);
                    settings.set(option, value)?;
                    *options = settings.0;
                    Ok(())
                }

                fn or(one: $options, other: $options) -> $options {
                    one.over(other)
                }

                fn only(options: $options, names: &[&str]) -> $options {
                    options.only(names)
                }

                fn check(options: &$options) -> Result<(), ConfigError> {
                    options.check()
                }

                fn known() -> Vec<String> {
                    let known = labels::<$layer>();
                    $(let known = &known | &labels::<$keyed>();)?
                    known.into_iter().collect()
                }

                fn try_replace(name: &str, source: Source, new: New<'_, $options>) -> Result<bool, ConfigError> {
                    let is_keyed = false;
                    $(let is_keyed = is_keyed | $keyed::layers().try_replace(name, source, new)?;)?
                    let new = plain(new, is_keyed);
                    Ok($layer::layers().try_replace(name, source, new.as_ref())? | is_keyed)
                }

                fn replace(name: &str, source: Source, new: New<'_, $options>) -> Result<Option<Undo>, ConfigError> {
                    let keyed: Option<Undo> = None;
                    $(let keyed = keyed.or(replace_one::<$keyed>(name, source, new)?);)?
                    let new = plain(new, keyed.is_some());
                    match (replace_one::<$layer>(name, source, new.as_ref()), keyed) {
                        (Ok(Some(plain)), Some(keyed)) => Ok(Some(Box::new(move || { plain(); keyed(); }))),
                        (Err(error), Some(keyed)) => {
                            keyed();
                            Err(error)
                        }
                        (plain, keyed) => Ok(plain?.or(keyed)),
                    }
                }
            }
        )*
    };
}
targets! {
    Retries: "retry", RetrySettings, RetryOptions, Retry;
    Timeouts: "timeout", TimeoutSettings, TimeoutOptions, Timeout;
    Bulkheads: "bulkhead", BulkheadSettings, BulkheadOptions, Bulkhead or KeyedBulkheads;
    RateLimits: "rate_limit", RateLimitSettings, RateLimitOptions, RateLimit or KeyedRateLimits;
    Hedges: "hedge", HedgeSettings, HedgeOptions, Hedge;
}

/// Returns the names of all layers of the type `L`. The result is a set, because a layer without keys and a layer with
/// keys may have the same name.
fn labels<L: Listed>() -> BTreeSet<String> {
    L::layers().labelled().map(|(label, _)| label).collect()
}

/// Returns the new settings of the layer without keys. `is_keyed` is true if a layer with keys has the same name. Only
/// the layer with keys then receives the setting `max_keys`.
fn plain<O: Options>(new: New<'_, O>, is_keyed: bool) -> Option<(Origin, O)> {
    new.map(|(origin, options)| (origin.clone(), if is_keyed { options.without_max_keys() } else { *options }))
}

fn replace_one<L: Listed>(name: &str, source: Source, new: New<'_, L::Options>) -> Result<Option<Undo>, ConfigError> {
    let before = L::layers().replace(name, source, new)?;
    let name = name.to_owned();
    Ok(before.map(|before| -> Undo { Box::new(move || L::layers().restore(&name, before)) }))
}
