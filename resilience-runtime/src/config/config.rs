use std::ffi::OsString;
use std::future::Future;
use std::path::{Path, PathBuf};

use crate::base::sync::Arc;
use crate::config::mistake::RefusedConfig;
use crate::config::section::{Line, Tables};
use crate::config::{apply, environment, events, file, parse, watch};
use crate::registry::configured::Source;

/// Settings of layers from a file or from the environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    pub(super) tables: Tables,
    source: Source,
    /// The file, or `None` for a text.
    file: Option<Arc<str>>,
}

impl Config {
    /// Reads settings from a text in the format TOML.
    pub fn from_toml(text: &str) -> Result<Self, RefusedConfig> {
        Self::of_lines(parse::parse(text, None)?)
    }

    /// Reads settings from a file in the format TOML.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, RefusedConfig> {
        Self::of_text(file::read(path.as_ref())?)
    }

    pub(super) fn of_text(file::Text { file, text }: file::Text) -> Result<Self, RefusedConfig> {
        let lines = parse::parse(&text, Some(&file))?;
        Ok(Self { file: Some(file), ..Self::of_lines(lines)? })
    }

    pub(super) fn of_lines(lines: Vec<Line>) -> Result<Self, RefusedConfig> {
        Ok(Self { tables: Tables::collect(lines)?, source: Source::File, file: None })
    }

    /// Reads settings from the environment variables of the process.
    pub fn from_env() -> Result<Self, RefusedConfig> {
        Self::from_vars(std::env::vars_os())
    }

    /// Reads settings from the given environment variables.
    pub fn from_vars<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, RefusedConfig> {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let config = Self::of_lines(environment::parse(variables)?)?;
        Ok(Self { source: Source::Environment, ..config })
    }

    /// Puts the settings in force.
    pub fn apply(&self) -> Result<(), RefusedConfig> {
        let title = self.title();
        self.put_in_force().inspect_err(|error| events::refused(title, error))?;
        events::applied(title, self.tables.count());
        Ok(())
    }

    /// Watches a file.
    pub fn watch(path: impl Into<PathBuf>) -> impl Future<Output = ()> + Send {
        watch::watch(path.into())
    }

    pub(super) fn put_in_force(&self) -> Result<(), RefusedConfig> {
        apply::apply(&self.tables, self.source)
    }

    fn title(&self) -> &str {
        match (self.source, &self.file) {
            (Source::Environment, _) => "environment",
            (_, Some(file)) => file,
            (_, None) => "config",
        }
    }
}
