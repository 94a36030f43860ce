//! Defines [`KeyedName`], the registry's entry for the circuits with one name and the option `key`.

use std::borrow::Cow;

use crate::base::config_error::ConfigError;
use crate::base::sync::Arc;
use crate::circuit::breaker::CircuitBreaker;
use crate::circuit::options::Options;
use crate::circuit::settings::Settings;
use crate::registry::configured::Configured;
use crate::registry::declared::declarations;
use crate::registry::family::Family;
use crate::registry::sources::check_builder;
use crate::registry::written::{Written, merge};

/// A family (the circuits with one name and the option `key`), with the options of its attributes and builders.
pub(super) struct KeyedName {
    pub(super) family: Arc<Family<CircuitBreaker>>,
    /// The options of attributes and builders. If several elements set one option, the first one wins.
    pub(super) written: Vec<Arc<Written>>,
    /// The changes at run time, which take precedence over all other options.
    pub(super) configured: Configured<Options>,
    /// The number of builders at the start of `written`. These builders registered before the first use of the family.
    pub(super) builders: usize,
    /// Whether a function with this family was called. If true, a builder can no longer override an option.
    pub(super) in_use: bool,
    /// Whether the conflicts (contradictory options) of the attributes were reported. If a change at run time registers
    /// the family, the field is false until the first use of the family.
    pub(super) is_reported: bool,
}

impl KeyedName {
    /// Creates the family of a name, with the options of its attributes.
    #[expect(clippy::ptr_arg, reason = "a map passes its key to this function")]
    pub(super) fn new(name: &Cow<'static, str>) -> Self {
        let written = declarations(name).family.clone();
        let options = merge(&written);
        let family = Arc::new(Family::new(name.clone(), &Settings::shared(options), options.max_keys()));
        Self { family, written, configured: Configured::default(), builders: 0, in_use: false, is_reported: false }
    }

    /// Returns the options in force.
    pub(super) fn options(&self) -> Options {
        self.configured.over(merge(&self.written), Options::or)
    }

    /// Applies the options in force. If the family has no circuits, and no function or handle holds it, creates the
    /// family again. The new family has the right number of shards (parts) for the option `max_keys`.
    pub(super) fn apply(&mut self) {
        let options = self.options();
        let (settings, max_keys) = (Settings::shared(options), options.max_keys());
        if Arc::strong_count(&self.family) == 1 && self.family.stats().keys == 0 {
            self.family = Arc::new(Family::new(self.family.name().clone(), &settings, max_keys));
        } else {
            self.family.apply(&settings, max_keys);
        }
    }

    /// Returns the options that a builder cannot override.
    pub(super) fn fixed(&self) -> &[Arc<Written>] {
        if self.in_use { &self.written } else { &self.written[..self.builders] }
    }

    /// Returns an error if the changes at run time cannot be combined with the options of another builder.
    pub(super) fn check_builder(&self, builder: Written) -> Result<(), ConfigError> {
        check_builder(&self.configured, &self.written, self.fixed().len(), builder, Options::NONE)
    }
}
