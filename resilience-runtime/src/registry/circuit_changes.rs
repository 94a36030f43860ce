//! Changes the settings of circuits at run time.

use std::borrow::Cow;

use crate::base::config_error::ConfigError;
use crate::base::name::Name;
use crate::base::sync::{Arc, lock};
use crate::circuit::options::Options;
#[cfg(feature = "config")]
use crate::registry::configured::Source;
use crate::registry::configured::{Configured, Origin};
use crate::registry::part::{Part, part_of, registry};
use crate::registry::sources::{Sources, check_changed};
use crate::registry::written::{Written, merge};

/// Changes the settings of the circuits with this name. Returns false if no circuit has this name.
///
/// # Errors
///
/// Returns a [`ConfigError`], and changes nothing, if an option contradicts another option. Also returns the error if
/// `changes` contains `max_keys`, and no circuit with this name has the option `key`.
pub(crate) fn configure(name: &str, origin: &Origin, changes: Options) -> Result<bool, ConfigError> {
    part_of(name).0.configure(name, origin, changes)
}

/// Checks whether [`replace`] would succeed, and changes nothing. Returns false if no circuit has this name.
///
/// # Errors
///
/// Returns the error that [`replace`] would return.
#[cfg(feature = "config")]
pub(crate) fn try_replace(name: &str, source: Source, new: Option<&(Origin, Options)>) -> Result<bool, ConfigError> {
    part_of(name).0.try_replace(name, source, new)
}

/// Removes the options that `source` (a file or the environment) has set for the circuits with this name, and sets the
/// options `new` instead. Returns all earlier changes of these circuits, which the caller can pass to [`restore`].
/// Returns `None` if no circuit has this name.
///
/// # Errors
///
/// Returns a [`ConfigError`], and changes nothing, in the cases of [`configure`].
#[cfg(feature = "config")]
pub(crate) fn replace(
    name: &str,
    source: Source,
    new: Option<&(Origin, Options)>,
) -> Result<Option<[Configured<Options>; 2]>, ConfigError> {
    part_of(name).0.replace(name, source, new)
}

/// Undoes the call of [`replace`] that returned `before`.
#[cfg(feature = "config")]
pub(crate) fn restore(name: &str, before: &[Configured<Options>; 2]) {
    part_of(name).0.restore(name, before);
}

/// Undoes all changes that were made to circuits at run time.
pub(crate) fn reset_configuration() {
    for part in &registry().parts {
        lock(part).reset_configuration();
    }
}

impl Part {
    /// Changes the settings of the circuits with this name, with and without the option `key`. Registers the circuit if
    /// an attribute declares it, but no call has registered it yet. Returns false if no circuit and no attribute has
    /// this name.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`], and changes nothing, if an option contradicts another option. Also returns the error
    /// if `changes` contains `max_keys`, and no circuit with this name has the option `key`.
    pub(super) fn configure(&mut self, name: &str, origin: &Origin, changes: Options) -> Result<bool, ConfigError> {
        let (is_circuit, is_family) = (self.circuit_places(name).is_some(), self.family_places(name).is_some());
        let change =
            |configured: &Configured<Options>| configured.with(origin.clone(), changes, Options::over, Options::take);
        self.check_change(name, changes.max_keys, change)?;
        if is_circuit {
            let (breaker, sources) = self.circuit(Name::new(name));
            sources.configured = change(&sources.configured);
            sources.apply(&breaker);
        }
        if is_family {
            let keyed = self.family(Cow::Owned(name.to_owned()));
            keyed.configured = change(&keyed.configured);
            keyed.apply();
        }
        Ok(is_circuit || is_family)
    }

    /// Returns an error if an option in force would contradict another option after the change. Also returns an error
    /// if the change sets `max_keys`, and no circuit of this name has a key. Checks both the circuit without a key and
    /// the circuits with keys before the caller changes one of them.
    fn check_change(
        &self,
        name: &str,
        max_keys: Option<u32>,
        change: impl Fn(&Configured<Options>) -> Configured<Options>,
    ) -> Result<(), ConfigError> {
        let family = self.family_places(name);
        if let (Some(keys), None) = (max_keys, family) {
            return Err(ConfigError::new("max_keys", keys.to_string(), "left out: no circuit of this name has keys"));
        }
        let check = |configured: Option<&Configured<Options>>, written: &[Arc<Written>], preset: Options| {
            let none = Configured::default();
            let before = configured.unwrap_or(&none);
            check_changed(before, &change(before), merge(written), preset)
        };
        if let Some(places) = self.circuit_places(name) {
            let sources = self.sources(name);
            let preset = sources.map(Sources::preset).unwrap_or_default();
            let written = sources.map_or(places, |sources| &sources.written);
            check(sources.map(|sources| &sources.configured), written, preset)?;
        }
        if let Some(places) = family {
            check(self.families.get(name).map(|keyed| &keyed.configured), places, Options::NONE)?;
        }
        Ok(())
    }

    /// Checks whether [`replace`](Self::replace) would succeed, and changes nothing. Returns false if no circuit has
    /// this name.
    ///
    /// # Errors
    ///
    /// Returns the error that [`replace`](Self::replace) would return.
    #[cfg(feature = "config")]
    pub(super) fn try_replace(
        &self,
        name: &str,
        source: Source,
        new: Option<&(Origin, Options)>,
    ) -> Result<bool, ConfigError> {
        let (circuit, family) = (self.circuit_places(name), self.family_places(name));
        let max_keys = new.and_then(|(_, new)| new.max_keys);
        self.check_change(name, max_keys, |configured| configured.replaced(source, new))?;
        Ok(circuit.is_some() || family.is_some())
    }

    /// Removes the options that `source` (a file or the environment) has set for the circuits with this name, and sets
    /// the options `new` instead. Registers the circuit if an attribute declares it, but no call has registered it yet.
    /// Returns all earlier changes of the circuits, or `None` if no circuit has this name. The first element of the
    /// array belongs to the circuit without a key, the second element to the circuits with keys.
    ///
    /// # Errors
    ///
    /// Returns a [`ConfigError`], and changes nothing, in the cases of [`configure`](Self::configure).
    #[cfg(feature = "config")]
    pub(super) fn replace(
        &mut self,
        name: &str,
        source: Source,
        new: Option<&(Origin, Options)>,
    ) -> Result<Option<[Configured<Options>; 2]>, ConfigError> {
        if !self.try_replace(name, source, new)? {
            return Ok(None);
        }
        let mut before = [Configured::default(), Configured::default()];
        self.each_configured(name, |index, configured| {
            let replaced = configured.replaced(source, new);
            before[index] = std::mem::replace(configured, replaced);
        });
        Ok(Some(before))
    }

    /// Undoes the call of [`replace`](Self::replace) that returned `before`.
    #[cfg(feature = "config")]
    pub(super) fn restore(&mut self, name: &str, before: &[Configured<Options>; 2]) {
        self.each_configured(name, |index, configured| *configured = before[index].clone());
    }

    /// Lets `edit` modify the stored changes of the circuits with this name, and applies the result to the circuits.
    /// `edit` receives the index 0 for the circuit without a key, and the index 1 for the circuits with keys.
    #[cfg(feature = "config")]
    fn each_configured(&mut self, name: &str, mut edit: impl FnMut(usize, &mut Configured<Options>)) {
        if self.circuit_places(name).is_some() {
            let (breaker, sources) = self.circuit(Name::new(name));
            edit(0, &mut sources.configured);
            sources.apply(&breaker);
        }
        if self.family_places(name).is_some() {
            let keyed = self.family(Cow::Owned(name.to_owned()));
            edit(1, &mut keyed.configured);
            keyed.apply();
        }
    }

    /// Undoes all changes that were made at run time to the circuits of this part of the registry.
    pub(super) fn reset_configuration(&mut self) {
        for (breaker, sources) in self.circuits.entries_mut() {
            if let Some(sources) = sources.as_mut().filter(|sources| sources.configured.iter().next().is_some()) {
                let sources = Arc::make_mut(sources);
                sources.configured = Configured::default();
                sources.apply(breaker);
            }
        }
        for keyed in self.families.values_mut() {
            keyed.configured = Configured::default();
            keyed.apply();
        }
    }
}
