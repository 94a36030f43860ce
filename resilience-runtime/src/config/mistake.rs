//! Defines [`RefusedConfig`], the error for settings that are refused.

use std::fmt;

use thiserror::Error;

use crate::base::config_error::ConfigError;
use crate::registry::configured::Place;

/// The largest number of mistakes that an error lists.
const MOST: usize = 20;

/// Reports the mistakes in refused settings from a file or from the environment. The settings in force stay unchanged.
///
/// The text of the error lists at most 20 mistakes, all in one line. Each mistake is shown with its file and line, or
/// with its environment variable.
///
/// ```
/// use resilience_runtime::Config;
///
/// let refused = Config::from_toml("[circuit.exa_api]\nthreshold = 0\ncooldwon = 3").unwrap_err();
/// assert_eq!(
///     refused.to_string(),
///     "line 2: circuit `exa_api`: `threshold` is 0, but must be a whole number of at least 1; line 3: circuit \
///      `exa_api`: `cooldwon` is no setting; did you mean `cooldown`?"
/// );
/// assert_eq!(refused.mistakes()[0].line(), Some(2));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Error)]
#[non_exhaustive]
pub struct RefusedConfig {
    mistakes: Vec<ConfigMistake>,
    /// The number of mistakes that are not in the list `mistakes`, because this list is full (see [`MOST`]).
    more: usize,
}

/// Describes one mistake in settings from a file or from the environment.
///
/// ```
/// use resilience_runtime::Config;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let refused = Config::from_toml("[circuit.exa_api]\nthreshold = 0").unwrap_err();
/// let mistake = &refused.mistakes()[0];
/// assert_eq!((mistake.file(), mistake.line(), mistake.variable()), (None, Some(2), None));
/// assert!(mistake.message().ends_with("must be a whole number of at least 1"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigMistake {
    place: Option<Place>,
    message: String,
}

impl RefusedConfig {
    pub(super) fn push(&mut self, place: Option<&Place>, message: String) {
        if self.mistakes.len() < MOST {
            self.mistakes.push(ConfigMistake { place: place.cloned(), message });
        } else {
            self.more += 1;
        }
    }

    /// Returns an error with one mistake.
    pub(super) fn one(place: Option<&Place>, message: String) -> Self {
        let mut refused = Self::default();
        refused.push(place, message);
        refused
    }

    /// Returns this error if it contains a mistake, or `Ok(())` if not.
    pub(super) fn result(mut self) -> Result<(), Self> {
        self.mistakes.sort_by_key(ConfigMistake::line);
        if self.mistakes.is_empty() { Ok(()) } else { Err(self) }
    }

    pub(super) fn count(&self) -> usize {
        self.mistakes.len() + self.more
    }

    /// Returns the mistakes, at most 20, in the order of their lines.
    pub fn mistakes(&self) -> &[ConfigMistake] {
        &self.mistakes
    }
}

impl fmt::Display for RefusedConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.mistakes.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{mistake}")?;
        }
        if self.more > 0 { write!(f, "; and {} more", self.more) } else { Ok(()) }
    }
}

impl ConfigMistake {
    /// Returns the path of the file with the mistake, or `None` if the mistake is not in a line of a file.
    pub fn file(&self) -> Option<&str> {
        match &self.place {
            Some(Place::Line(file, _)) => file.as_deref(),
            _ => None,
        }
    }

    /// Returns the line number of the mistake, counted from 1, or `None` if the mistake is not in a line of a text.
    pub fn line(&self) -> Option<usize> {
        match self.place {
            Some(Place::Line(_, line)) => Some(line),
            _ => None,
        }
    }

    /// Returns the name of the environment variable with the mistake, or `None` if the mistake is not in an environment
    /// variable.
    pub fn variable(&self) -> Option<&str> {
        match &self.place {
            Some(Place::Variable(name)) => Some(name),
            _ => None,
        }
    }

    /// Returns the description of the mistake, without its place.
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigMistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            None | Some(Place::Deserialized) => f.write_str(&self.message),
            Some(place) => write!(f, "{place}: {}", self.message),
        }
    }
}

/// Returns the message for a value that is not allowed for an option of a layer.
pub(super) fn not_allowed(layer: &str, option: &str, error: &ConfigError) -> String {
    format!("{layer}: `{option}` is {}, but must be {}", error.value(), error.allowed())
}
