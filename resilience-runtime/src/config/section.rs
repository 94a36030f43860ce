//! Groups the settings from a file or from the environment by layer.

use crate::base::config_error::{ConfigError, excerpt};
use crate::base::nearest::suggestion;
use crate::base::raw::Raw;
use crate::base::sync::Arc;
use crate::config::mistake::{RefusedConfig, not_allowed};
use crate::config::target::{Bulkheads, Circuits, Hedges, RateLimits, Retries, Target, Timeouts};
use crate::registry::configured::{Origin, Place, Source, setting};

/// One setting from a file or from an environment variable.
#[derive(Debug)]
pub(super) struct Line {
    /// The name of the table, such as `rate_limit`.
    pub(super) table: String,
    pub(super) name: LayerName,
    pub(super) option: String,
    pub(super) value: Raw,
    pub(super) place: Place,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LayerName {
    Exact(String),
    /// The name in the form of an environment variable. ASCII letters are in upper case, and `_` replaces each
    /// character that is neither an ASCII letter nor a digit.
    Variable(String),
    /// A name that `serde` has deserialized. The name is the exact name of a layer, or has the form of an environment
    /// variable. This form may be in upper or lower case.
    Deserialized(String),
}

/// The settings of one layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Section<O> {
    pub(super) name: LayerName,
    pub(super) options: O,
    pub(super) places: Vec<(&'static str, Place)>,
}

impl LayerName {
    /// Converts a name to the form of an environment variable, such as `EXA_API`.
    pub(super) fn variable(name: &str) -> String {
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect()
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Exact(name) | Self::Variable(name) | Self::Deserialized(name) => name,
        }
    }

    /// Returns whether this name is the exact name of a layer. `known` contains the exact names of all layers of one
    /// kind, such as all circuits.
    fn is_exact(&self, known: &[String]) -> bool {
        match self {
            Self::Exact(_) => true,
            Self::Variable(_) => false,
            Self::Deserialized(name) => known.contains(name),
        }
    }

    /// Returns a text such as "circuit `exa_api`" for messages.
    pub(super) fn of<T: Target>(&self) -> String {
        format!("{} `{}`", T::KIND, excerpt(self.as_str()).escape_debug())
    }
}

impl<O: Copy> Section<O> {
    pub(super) fn origin(&self, source: Source) -> (Origin, O) {
        (Origin::Places(source, Arc::from(&*self.places)), self.options)
    }

    /// Returns the place of a setting that takes part in the mistake that `error` reports. This setting is the option of
    /// the error, unless another origin sets the value in the error.
    pub(super) fn place<T: Target<Options = O>>(&self, source: Source, error: &ConfigError) -> Option<&Place> {
        let option = setting(error.option());
        let names: Vec<_> = self.places.iter().map(|(known, _)| *known).collect();
        let fails = |names: &[&str]| {
            let (origin, options) = self.origin(source);
            let new = (origin, T::only(options, names));
            T::try_replace(self.name.as_str(), source, Some(&new)).is_err_and(|other| other == *error)
        };
        let own = names.iter().position(|known| *known == option);
        let others: Vec<_> = names.iter().copied().filter(|known| *known != option).collect();
        // Adds the settings one by one. The setting that causes the error takes part in the contradiction.
        let index = own.filter(|_| !fails(&others)).or_else(|| (0..names.len()).find(|last| fails(&names[..=*last])));
        self.places.get(index.unwrap_or_default()).map(|(_, place)| place)
    }

    /// Adds the settings of another section of the same layer. The added settings replace settings of the same name in
    /// `self`.
    fn add<T: Target<Options = O>>(&mut self, section: Self) {
        self.options = T::or(section.options, self.options);
        section.places.into_iter().for_each(|(option, place)| self.put(option, place));
    }

    /// Stores the place of a setting. The place replaces an earlier place of this setting, because the value of the
    /// setting was replaced, too.
    fn put(&mut self, option: &'static str, place: Place) {
        self.places.retain(|(known, _)| *known != option);
        self.places.push((option, place));
    }
}

/// Receives the settings of each kind of layer from [`Tables::visit`]. `sections` contains the new settings, and
/// `before` contains the earlier settings.
pub(super) trait Visit {
    fn visit<T: Target>(&mut self, sections: &[Section<T::Options>], before: &[Section<T::Options>]);
}

/// Declares the struct `Tables`, which has a field for each kind of layer.
macro_rules! tables {
    ($($field:ident: $target:ident,)*) => {
        /// The settings of all layers, by the kind of layer.
        #[derive(Clone, Debug, Default, PartialEq)]
        pub(super) struct Tables {
            $(pub(super) $field: Vec<Section<<$target as Target>::Options>>,)*
        }

        impl Tables {
            pub(super) const NONE: Self = Self { $($field: Vec::new(),)* };

            /// Returns a copy in which the exact name of a layer, such as `Exa-API`, replaces a name in the form of an
            /// environment variable, such as `EXA_API`.
            pub(super) fn resolved(&self) -> Result<Self, RefusedConfig> {
                let mut refused = RefusedConfig::default();
                let mut tables = self.clone();
                $(resolve::<$target>(&mut tables.$field, &mut refused);)*
                refused.result().map(|()| tables)
            }

            /// For each kind of layer, passes the settings in `self` and in `before` to `visit`.
            pub(super) fn visit(&self, before: &Self, visit: &mut impl Visit) {
                $(visit.visit::<$target>(&self.$field, &before.$field);)*
            }

            /// Groups the settings in `lines` by layer.
            pub(super) fn collect(lines: Vec<Line>) -> Result<Self, RefusedConfig> {
                let mut refused = RefusedConfig::default();
                let mut tables = Self::default();
                for line in lines {
                    match &*line.table {
                        $($target::TABLE => add::<$target>(&mut tables.$field, line, &mut refused),)*
                        _ => refused.push(Some(&line.place), unknown_table(&line.table)),
                    }
                }
                refused.result().map(|()| tables)
            }

            pub(super) fn count(&self) -> usize {
                [$(self.$field.iter().map(|section| section.places.len()).sum::<usize>()),*].iter().sum()
            }
        }

        pub(super) const TABLES: &[&str] = &[$($target::TABLE),*];
    };
}
tables! {
    circuits: Circuits,
    retries: Retries,
    timeouts: Timeouts,
    bulkheads: Bulkheads,
    rate_limits: RateLimits,
    hedges: Hedges,
}

/// Returns the message for a table that does not exist.
pub(super) fn unknown_table(table: &str) -> String {
    let suggestion = suggestion(table, TABLES.iter().copied());
    let tables = if suggestion.is_empty() { format!(" the tables are {}", TABLES.join(", ")) } else { suggestion };
    format!("`{}` is no table of settings;{tables}", excerpt(table).escape_debug())
}

/// Returns the message for a line such as `circuit = 3`. The value should be a table of layers.
pub(super) fn not_layers(table: &str) -> String {
    if TABLES.contains(&table) {
        format!("`{table}` must be a table of layers, such as [{table}.name]")
    } else {
        unknown_table(table)
    }
}

/// Returns the message for a line such as `circuit.search = 3`. The value should be a table of settings.
pub(super) fn not_settings(table: &str, name: &str) -> String {
    format!("`{}` must be a table of settings, such as [{table}.name]", excerpt(name).escape_debug())
}

fn add<T: Target>(sections: &mut Vec<Section<T::Options>>, line: Line, refused: &mut RefusedConfig) {
    let Line { name, option, value, place, .. } = line;
    let layer = name.of::<T>();
    let Some(option) = T::NAMES.iter().copied().find(|known| *known == option) else {
        let suggestion = suggestion(&option, T::NAMES.iter().copied());
        let names =
            if suggestion.is_empty() { format!(" the settings are {}", T::NAMES.join(", ")) } else { suggestion };
        let message = format!("{layer}: `{}` is no setting;{names}", excerpt(&option).escape_debug());
        return refused.push(Some(&place), message);
    };
    let mut alone = T::NONE;
    if let Err(allowed) = T::set(&mut alone, option, &value) {
        return refused.push(Some(&place), format!("{layer}: `{option}` is {value}, but must be {allowed}"));
    }
    if let Err(error) = T::check(&alone) {
        return refused.push(Some(&place), not_allowed(&layer, option, &error));
    }
    let index = sections.iter().rposition(|section| section.name == name).unwrap_or_else(|| {
        sections.push(Section { name, options: T::NONE, places: Vec::new() });
        sections.len() - 1
    });
    let section = &mut sections[index];
    // Ignores the result, because the first call of `set` with this value has succeeded.
    let _ = T::set(&mut section.options, option, &value);
    section.put(option, place);
}

/// Replaces the name of each section by the exact name of its layer, and merges the sections of one layer. A section
/// whose name has the form of an environment variable takes precedence over a section with the exact name.
fn resolve<T: Target>(sections: &mut Vec<Section<T::Options>>, refused: &mut RefusedConfig) {
    if sections.iter().all(|section| matches!(section.name, LayerName::Exact(_))) {
        return;
    }
    let known = T::known();
    sections.sort_by_key(|section| !section.name.is_exact(&known));
    let mut resolved = Vec::<Section<T::Options>>::new();
    for section in sections.drain(..) {
        let name = match layer::<T>(&section.name, &known) {
            Ok(name) => LayerName::Exact(name),
            Err(message) => {
                refused.push(section.places.first().map(|(_, place)| place), message);
                continue;
            }
        };
        match resolved.iter_mut().find(|resolved| resolved.name == name) {
            Some(resolved) => resolved.add::<T>(section),
            None => resolved.push(Section { name, ..section }),
        }
    }
    *sections = resolved;
}

/// Returns the exact name of the layer that `name` refers to. `name` may have the form of an environment variable.
fn layer<T: Target>(name: &LayerName, known: &[String]) -> Result<String, String> {
    if name.is_exact(known) {
        return Ok(name.as_str().to_owned());
    }
    let variable = LayerName::variable(name.as_str());
    let found: Vec<_> = known.iter().filter(|known| LayerName::variable(known) == variable).collect();
    match (&*found, name) {
        ([name], _) => Ok((*name).clone()),
        ([one, other, ..], _) => Err(format!(
            "{} can stand for {} `{}` and for {} `{}`: rename one of them, or use a file",
            if let LayerName::Variable(_) = name { "the variable".to_owned() } else { name.of::<T>() },
            T::KIND,
            one.escape_debug(),
            T::KIND,
            other.escape_debug()
        )),
        ([], LayerName::Variable(_)) => {
            let variables: Vec<_> = known.iter().map(|name| LayerName::variable(name)).collect();
            Err(unknown_name::<T>(name, variables.iter().map(String::as_str)))
        }
        ([], _) => Err(unknown_name::<T>(name, known.iter().map(String::as_str))),
    }
}

/// Returns the message for a name that no layer has.
pub(super) fn unknown_name<'a, T: Target>(name: &LayerName, known: impl IntoIterator<Item = &'a str>) -> String {
    let suggestion = suggestion(name.as_str(), known);
    let separator = if suggestion.is_empty() { "" } else { ";" };
    format!("no {} has the name `{}`{separator}{suggestion}", T::KIND, excerpt(name.as_str()).escape_debug())
}
