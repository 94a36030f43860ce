//! Changes the settings of layers at run time.

use crate::base::config_error::ConfigError;
use crate::base::sync::lock_std;
use crate::registry::configured::{Configured, Origin};
use crate::registry::layer::{Layer, LayerDeclaration, Options};
use crate::registry::layers::{Known, Layers, Listed, declared};

impl<L: Listed> Layers<L> {
    /// Changes the settings of the layer that is listed as `label`. Returns false if no layer has this label.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`], and changes nothing, if an option is outside its range, contradicts another option, or
    /// does not affect the calls of the layer.
    pub(crate) fn configure(&self, label: &str, origin: Origin, changes: L::Options) -> Result<bool, ConfigError> {
        let Some((_, listed)) = self.known().into_iter().find(|(known, _)| known == label) else { return Ok(false) };
        changes.check()?;
        let Some(first) = listed.places.first().copied() else { return Ok(false) };
        let parts = &mut *lock_std(&self.0);
        let known = match first.name {
            Some(name) => parts.named.entry(name).or_insert_with(|| Known::create(name, declared::<L>(name))),
            None => parts.unnamed(first),
        };
        known.refuse(&changes)?;
        let configured = known.configured.with(origin, changes, L::Options::or);
        known.change(configured)?;
        Ok(true)
    }

    /// Removes the settings of all changes at run time.
    pub(crate) fn reset_configuration(&self) {
        let parts = &mut *lock_std(&self.0);
        for known in parts.named.values_mut().chain(&mut parts.unnamed) {
            // Returns no error, because the layer has had these settings before.
            let _ = known.change(Configured::default());
        }
    }
}

impl<L: Layer> Known<L> {
    /// Returns an error for an option that does not affect the calls of this layer.
    fn refuse(&self, changes: &L::Options) -> Result<(), ConfigError> {
        for (option, value) in changes.entries() {
            let Some(value) = value else { continue };
            let is_evaluated =
                |place: &&LayerDeclaration<L>| matches!(place.evaluated, Some(own) if own == option || own == "*");
            if self.places.iter().all(is_evaluated) {
                let allowed = "left out: each call evaluates an expression for this option";
                return Err(ConfigError::new(option, value.to_string(), allowed));
            }
        }
        let is_named = self.places.iter().any(|place| place.name.is_some());
        L::refusal(&self.written, is_named, changes).map_or(Ok(()), Err)
    }

    /// Applies the settings of all changes at run time.
    fn change(&mut self, configured: Configured<L::Options>) -> Result<(), ConfigError> {
        let options = configured.over(self.written, L::Options::over);
        if let Some(error) = options.contradiction() {
            return Err(error);
        }
        if let (Some(option), None) = (options.missing(), self.written.missing()) {
            return Err(ConfigError::new(option, "not set".to_owned(), "set beside the other options"));
        }
        if !self.layer.apply(&options) {
            let allowed = "one of the settings that this layer has had before: it has had 65,535 different settings";
            return Err(ConfigError::new("settings", "new".to_owned(), allowed));
        }
        self.configured = configured;
        Ok(())
    }
}
