//! Applies settings from a file or from the environment: either all settings, or none.

use std::sync::Mutex;

use crate::base::config_error::ConfigError;
use crate::base::scope::scoped;
use crate::base::sync::lock_std;
use crate::config::mistake::{RefusedConfig, not_allowed};
use crate::config::section::{LayerName, Section, Tables, Visit, unknown_name};
use crate::config::target::{Target, Undo};
use crate::registry::configured::{Source, setting};

/// The record of the settings that `Config::apply` has put in force. The field `file` contains all settings that do not
/// come from the environment.
#[derive(Debug)]
pub(super) struct Applied {
    environment: Tables,
    file: Tables,
}

impl Applied {
    const NONE: Self = Self { environment: Tables::NONE, file: Tables::NONE };

    /// Returns the record of the applied settings. Each isolated test has a record of its own. A caller that changes
    /// layers holds the lock of the record until all layers are changed, so that two changes never mix.
    fn current() -> &'static Mutex<Self> {
        static APPLIED: Mutex<Applied> = Mutex::new(Applied::NONE);
        scoped(&APPLIED, || Mutex::new(Applied::NONE))
    }

    fn of(&mut self, source: Source) -> &mut Tables {
        match source {
            Source::Environment => &mut self.environment,
            Source::File | Source::Code => &mut self.file,
        }
    }
}

/// Calls `reset`, which removes the settings from all layers, and removes the record of the applied settings. Holds the
/// lock of the record meanwhile. Otherwise, a concurrent `apply` could change layers that the record does not contain.
pub(crate) fn forget(reset: impl FnOnce()) {
    let mut applied = lock_std(Applied::current());
    reset();
    *applied = Applied::NONE;
}

/// Returns whether the settings in force that come from a file equal `tables`.
pub(super) fn is_applied(tables: &Tables) -> bool {
    lock_std(Applied::current()).file == *tables
}

/// Replaces the settings that come from `source` by `tables`.
///
/// # Errors
///
/// Returns a [`RefusedConfig`], and changes nothing, if a layer is unknown or refuses a setting.
pub(super) fn apply(tables: &Tables, source: Source) -> Result<(), RefusedConfig> {
    let mut applied = lock_std(Applied::current());
    let before = applied.of(source);
    let tables = tables.resolved()?;
    let mut check = Check { source, refused: RefusedConfig::default() };
    tables.visit(before, &mut check);
    check.refused.result()?;
    let mut replace = Replace { source, undo: Vec::new(), refused: RefusedConfig::default() };
    tables.visit(before, &mut replace);
    let Replace { undo, refused, .. } = replace;
    if refused.count() > 0 {
        undo.into_iter().rev().for_each(|undo| undo());
        return refused.result();
    }
    *before = tables;
    Ok(())
}

/// Checks all settings, and changes no layer.
struct Check {
    source: Source,
    refused: RefusedConfig,
}

impl Visit for Check {
    fn visit<T: Target>(&mut self, sections: &[Section<T::Options>], before: &[Section<T::Options>]) {
        for section in sections {
            let new = section.origin(self.source);
            match T::try_replace(section.name.as_str(), self.source, Some(&new)) {
                Ok(true) => {}
                Ok(false) => {
                    let known = T::known();
                    let message = unknown_name::<T>(&section.name, known.iter().map(String::as_str));
                    self.refused.push(section.places.first().map(|(_, place)| place), message);
                }
                Err(error) => refuse::<T>(section, self.source, &error, &mut self.refused),
            }
        }
        for section in removed(sections, before) {
            if let Err(error) = T::try_replace(section.name.as_str(), self.source, None) {
                refuse_removal::<T>(&section.name, &error, &mut self.refused);
            }
        }
    }
}

/// Changes the settings of all layers. After an error, leaves the remaining layers unchanged.
struct Replace {
    source: Source,
    undo: Vec<Undo>,
    refused: RefusedConfig,
}

impl Visit for Replace {
    fn visit<T: Target>(&mut self, sections: &[Section<T::Options>], before: &[Section<T::Options>]) {
        for section in sections {
            if self.refused.count() > 0 {
                return;
            }
            let new = section.origin(self.source);
            match T::replace(section.name.as_str(), self.source, Some(&new)) {
                Ok(undo) => self.undo.extend(undo),
                Err(error) => refuse::<T>(section, self.source, &error, &mut self.refused),
            }
        }
        for section in removed(sections, before) {
            if self.refused.count() > 0 {
                return;
            }
            match T::replace(section.name.as_str(), self.source, None) {
                Ok(undo) => self.undo.extend(undo),
                Err(error) => refuse_removal::<T>(&section.name, &error, &mut self.refused),
            }
        }
    }
}

/// Returns each section (the settings of one layer) of `before` whose layer has no section in `sections`.
fn removed<'a, O: Copy>(sections: &'a [Section<O>], before: &'a [Section<O>]) -> impl Iterator<Item = &'a Section<O>> {
    before.iter().filter(|old| !sections.iter().any(|section| section.name == old.name))
}

fn refuse<T: Target>(section: &Section<T::Options>, source: Source, error: &ConfigError, refused: &mut RefusedConfig) {
    let option = setting(error.option());
    let message = not_allowed(&section.name.of::<T>(), option, error);
    let is_own = section.places.iter().any(|(known, _)| *known == option);
    let message = if is_own { message } else { format!("{message} (the settings do not contain `{option}`)") };
    refused.push(section.place::<T>(source, error), message);
}

fn refuse_removal<T: Target>(name: &LayerName, error: &ConfigError, refused: &mut RefusedConfig) {
    let message = not_allowed(&name.of::<T>(), setting(error.option()), error);
    refused.push(None, format!("{message} (without the earlier settings)"));
}

#[cfg(all(test, not(resilience_loom)))]
mod tests {
    use super::*;
    use crate::circuit::breaker::CircuitBreaker;
    use crate::config::parse::parse;

    #[test]
    fn undo_restores_the_earlier_settings() {
        let breaker = CircuitBreaker::builder("apply::undo").threshold(3).register().unwrap();
        let tables = |threshold| {
            let text = format!("[circuit.\"apply::undo\"]\nthreshold = {threshold}");
            Tables::collect(parse(&text, None).unwrap()).unwrap()
        };
        apply(&tables(4), Source::File).unwrap();
        let mut replace = Replace { source: Source::File, undo: Vec::new(), refused: RefusedConfig::default() };
        tables(5).visit(&tables(4), &mut replace);
        assert_eq!(breaker.stats().threshold, 5);
        replace.undo.into_iter().for_each(|undo| undo());
        assert_eq!(breaker.stats().threshold, 4);
        apply(&Tables::NONE, Source::File).unwrap();
        assert_eq!(breaker.stats().threshold, 3);
    }
}
