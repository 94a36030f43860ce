//! Changes the settings of layers other than circuits at run time.

use std::mem;

use crate::base::config_error::ConfigError;
use crate::base::sync::lock_std;
#[cfg(feature = "config")]
use crate::registry::configured::Source;
use crate::registry::configured::{Configured, Origin};
use crate::registry::layer::{Code, Options};
use crate::registry::layers::{Known, Layers, Listed, declared};

impl<L: Listed> Layers<L> {
    /// Changes the settings of a layer. `label` is the name of the layer in the statistics. Returns all earlier changes
    /// of the layer, or `None` if no layer has this label.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`], and changes nothing, for an option that is outside its range, contradicts another
    /// option, or has no effect.
    pub(crate) fn configure(
        &self,
        label: &str,
        origin: Origin,
        changes: L::Options,
    ) -> Result<Option<Configured<L::Options>>, ConfigError> {
        self.edit(label, |known| {
            let configured = known.with(origin, changes)?;
            known.change(configured)
        })
    }

    /// Checks whether [`configure`](Self::configure) would succeed, and changes nothing. Returns false if no layer has
    /// this label. A success of this method does not rule out the error of a layer that has had too many different
    /// settings.
    ///
    /// # Errors
    ///
    /// Returns the error that [`configure`](Self::configure) would return.
    pub(crate) fn try_configure(&self, label: &str, origin: Origin, changes: L::Options) -> Result<bool, ConfigError> {
        let Some((_, known)) = self.known().into_iter().find(|(known, _)| known == label) else { return Ok(false) };
        known.with(origin, changes)?;
        Ok(true)
    }

    /// Checks whether [`replace`](Self::replace) would succeed, and changes nothing. Returns false if no layer has this
    /// label.
    ///
    /// # Errors
    ///
    /// Returns the error that [`replace`](Self::replace) would return.
    #[cfg(feature = "config")]
    pub(crate) fn try_replace(
        &self,
        label: &str,
        source: Source,
        new: Option<&(Origin, L::Options)>,
    ) -> Result<bool, ConfigError> {
        let Some((_, known)) = self.known().into_iter().find(|(known, _)| known == label) else { return Ok(false) };
        known.replaced(source, new)?;
        Ok(true)
    }

    /// Removes the options that `source` (a file or the environment) has set for a layer, and sets the options `new`
    /// instead. Returns all earlier changes of the layer, or `None` if no layer has this label.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`], and changes nothing, in the cases of [`configure`](Self::configure).
    #[cfg(feature = "config")]
    pub(crate) fn replace(
        &self,
        label: &str,
        source: Source,
        new: Option<&(Origin, L::Options)>,
    ) -> Result<Option<Configured<L::Options>>, ConfigError> {
        self.edit(label, |known| {
            let configured = known.replaced(source, new)?;
            known.change(configured)
        })
    }

    /// Undoes the call of [`configure`](Self::configure) or `replace` that returned `before`.
    pub(crate) fn restore(&self, label: &str, before: Configured<L::Options>) {
        // Cannot fail, because the layer has had these settings before.
        let _ = self.edit(label, |known| known.change(before));
    }

    /// Calls `edit` with the layer of this label. Creates the layer if an attribute declares it and no call has created
    /// it yet. Returns `None` if no layer has this label.
    fn edit<T>(
        &self,
        label: &str,
        edit: impl FnOnce(&mut Known<L>) -> Result<T, ConfigError>,
    ) -> Result<Option<T>, ConfigError> {
        let listed = self.known().into_iter().find(|(known, _)| known == label);
        let Some(first) = listed.and_then(|(_, listed)| listed.places.first().copied()) else { return Ok(None) };
        let parts = &mut *lock_std(&self.0);
        let known = match first.name {
            Some(name) => parts.named.entry(name).or_insert_with(|| Known::joined(name, declared::<L>(name))),
            None => parts.unnamed(first),
        };
        edit(known).map(Some)
    }

    /// Undoes all changes that were made at run time to the layers of one kind, such as bulkheads.
    pub(crate) fn reset_configuration(&self) {
        let parts = &mut *lock_std(&self.0);
        for known in parts.named.values_mut().chain(&mut parts.unnamed) {
            // Cannot fail, because the layer has had these settings before.
            let _ = known.change(Configured::default());
        }
    }
}

impl<L: Listed> Known<L> {
    /// Returns an error if one of the options in `changes` cannot affect the calls of this layer.
    fn refuse(&self, changes: &L::Options) -> Result<(), ConfigError> {
        for (option, value) in changes.entries() {
            let Some(value) = value else { continue };
            if self.places.iter().all(|place| place.evaluates(option)) {
                let allowed = "left out: each call evaluates an expression for this option";
                return Err(ConfigError::new(option, value.to_string(), allowed));
            }
        }
        let code = Code {
            is_named: self.places.iter().any(|place| place.name.is_some()),
            is_evaluated: self.places.iter().any(|place| place.evaluated.is_some()),
        };
        L::refusal(&self.written, code, changes).map_or(Ok(()), Err)
    }

    /// Returns the stored changes together with `changes`.
    fn with(&self, origin: Origin, changes: L::Options) -> Result<Configured<L::Options>, ConfigError> {
        changes.check()?;
        self.refuse(&changes)?;
        let configured = self.configured.with(origin, changes, L::Options::over, L::Options::take);
        self.checked(&configured)?;
        Ok(configured)
    }

    /// Returns a copy of the stored changes, in which `new` replaces the options that `source` (a file or the
    /// environment) has set.
    #[cfg(feature = "config")]
    fn replaced(
        &self,
        source: Source,
        new: Option<&(Origin, L::Options)>,
    ) -> Result<Configured<L::Options>, ConfigError> {
        if let Some((_, options)) = new {
            options.check()?;
            self.refuse(options)?;
        }
        let configured = self.configured.replaced(source, new);
        self.checked(&configured)?;
        Ok(configured)
    }

    /// Returns the options that would be in force with the changes `configured`.
    fn checked(&self, configured: &Configured<L::Options>) -> Result<L::Options, ConfigError> {
        let options = configured.over(self.written, L::Options::over);
        if let Some(error) = options.contradiction() {
            return Err(error);
        }
        if let (Some(option), None) = (options.missing(), self.written.missing()) {
            return Err(ConfigError::new(option, "not set".to_owned(), "set beside the other options"));
        }
        Ok(options)
    }

    /// Replaces the stored changes by `configured`, and applies `configured` to the layer. Returns the earlier changes.
    fn change(&mut self, configured: Configured<L::Options>) -> Result<Configured<L::Options>, ConfigError> {
        let options = self.checked(&configured)?;
        if let Some(renewed) = self.layer.renewed(&options) {
            self.layer = renewed;
        } else if !self.layer.apply(&options) {
            let allowed = "one of the settings that this layer has had before: it has had 65,536 different settings";
            return Err(ConfigError::new("settings", "new".to_owned(), allowed));
        }
        Ok(mem::replace(&mut self.configured, configured))
    }
}
