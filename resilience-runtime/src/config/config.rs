//! Defines [`Config`], which contains settings from a file or from the environment.

use std::ffi::OsString;
use std::path::Path;

use crate::base::sync::Arc;
use crate::config::mistake::RefusedConfig;
use crate::config::section::{Line, Tables};
use crate::config::{apply, environment, events, file, parse};
use crate::registry::configured::Source;

/// Contains settings of circuits, retries and other layers, from a file or from the environment. The guide
/// [Configuration](crate::guide::configuration) describes the format.
///
/// A file contains a table for each layer. The options have the same names and values as in attributes:
///
/// ```toml
/// [circuit.exa_api]
/// threshold = 5
/// cooldown = "250ms"     # or seconds, such as 0.25
///
/// [retry.mail]
/// max = 4
/// ```
///
/// The type implements `Deserialize` and `Default`, for programs that read their configuration with a crate such as
/// `config` or `figment`. Some sources of these crates, such as environment variables, contain only text. A text such
/// as `"5"` can therefore represent a number. For the same reason, the name of a layer can have the form that
/// [`from_env`](Self::from_env) describes, in upper or lower case. For example, `exa_api` refers to the layer
/// `Exa-API`, if no layer has the name `exa_api`.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{Config, circuit, get_circuit_stats};
///
/// #[circuit(name = "config_example", threshold = 3)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # if cfg!(not(feature = "declare")) { ask().await? }
/// Config::from_toml("[circuit.config_example]\nthreshold = 5")?.apply()?;
/// assert_eq!(get_circuit_stats()["config_example"].threshold, 5);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "the settings are in force after `apply`"]
pub struct Config {
    pub(super) tables: Tables,
    source: Source,
    /// The path of the file, or `None` if the settings do not come from a file.
    file: Option<Arc<str>>,
}

impl Config {
    const NONE: Self = Self { tables: Tables::NONE, source: Source::File, file: None };

    /// Reads settings from a text in the format TOML.
    ///
    /// # Errors
    ///
    /// Returns a [`RefusedConfig`] with the mistakes, if the text is not TOML, or if a table or an option is unknown.
    /// Also returns this error if a value is outside its range. The method [`apply`](Self::apply) later checks the
    /// names of layers.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::Config;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// Config::from_toml("[retry.mail]\nmax = 4")?;
    /// let refused = Config::from_toml("[retry.mail]\nmax = 0").unwrap_err();
    /// assert_eq!(refused.to_string(), "line 2: retry `mail`: `max` is 0, but must be a whole number of at least 1");
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_toml(text: &str) -> Result<Self, RefusedConfig> {
        Self::of_lines(parse::parse(text, None)?)
    }

    /// Reads settings from a TOML file of at most 1 MiB.
    ///
    /// # Errors
    ///
    /// Returns a [`RefusedConfig`] in the cases of [`from_toml`](Self::from_toml). Also returns this error if the file
    /// cannot be read, is larger than 1 MiB, or is no UTF-8 text.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::Config;
    ///
    /// let error = Config::from_file("no such file.toml").unwrap_err();
    /// assert!(error.to_string().starts_with("no such file.toml: "));
    /// ```
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, RefusedConfig> {
        Self::of_text(file::read(path.as_ref())?)
    }

    pub(super) fn of_text(file::Text { file, text }: file::Text) -> Result<Self, RefusedConfig> {
        let lines = parse::parse(&text, Some(&file))?;
        Ok(Self { file: Some(file), ..Self::of_lines(lines)? })
    }

    pub(super) fn of_lines(lines: Vec<Line>) -> Result<Self, RefusedConfig> {
        Ok(Self { tables: Tables::collect(lines)?, ..Self::NONE })
    }

    /// Reads settings from the process's environment variables whose names begin with `RESILIENCE__`.
    ///
    /// The name of a variable contains the table, the name of the layer and the option, with `__` between them:
    /// `RESILIENCE__CIRCUIT__EXA_API__THRESHOLD=5`. In the name of the layer, ASCII letters are in upper case, and `_`
    /// replaces each character that is no ASCII letter or digit.
    ///
    /// # Errors
    ///
    /// Returns a [`RefusedConfig`] with the mistakes, if the name or the value of a variable is not allowed. The method
    /// [`apply`](Self::apply) later checks the names of layers, and refuses a variable whose name matches two layers.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::Config;
    ///
    /// # fn main() -> Result<(), resilience_runtime::RefusedConfig> {
    /// Config::from_env()?.apply()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_env() -> Result<Self, RefusedConfig> {
        Self::from_vars(std::env::vars_os())
    }

    /// Reads settings from the given variables. The names and the values have the same format as for
    /// [`from_env`](Self::from_env).
    ///
    /// # Errors
    ///
    /// Returns a [`RefusedConfig`] with the mistakes, if the name or the value of a variable is not allowed.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::Config;
    ///
    /// let error = Config::from_vars([("RESILIENCE__CIRCUIT__EXA_API__THRESHOLD", "0")]).unwrap_err();
    /// assert_eq!(error.mistakes()[0].variable(), Some("RESILIENCE__CIRCUIT__EXA_API__THRESHOLD"));
    /// ```
    pub fn from_vars<K: Into<OsString>, V: Into<OsString>>(
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Result<Self, RefusedConfig> {
        let variables = variables.into_iter().map(|(name, value)| (name.into(), value.into()));
        let config = Self::of_lines(environment::parse(variables)?)?;
        Ok(Self { source: Source::Environment, ..config })
    }

    /// Applies all settings. If one setting is refused, applies no setting.
    ///
    /// Settings from the environment replace all earlier settings from the environment. All other settings, such as
    /// settings from a file, replace all earlier settings from files, texts and `serde`. An option that is missing in
    /// the new settings therefore loses the value from the replaced settings. If several origins set one option, the
    /// first origin in this list decides: [`configure`](fn@crate::configure), environment, file, builder, attribute,
    /// preset, default.
    ///
    /// The documentation of [`configure`](fn@crate::configure) describes the effect of a change on calls and states.
    /// The event `config_applied` or `config_refused` reports the outcome.
    ///
    /// # Errors
    ///
    /// Returns a [`RefusedConfig`] with the mistakes, and changes nothing, if a layer is unknown, or if a layer refuses
    /// a setting. Without the feature `declare`, the layer of an attribute is unknown until the first call of its
    /// function.
    ///
    /// # Examples
    ///
    /// ```
    /// use resilience_runtime::{CircuitBreaker, Config};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let breaker = CircuitBreaker::builder("apply_example").register()?;
    /// Config::from_toml("[circuit.apply_example]\nthreshold = 9")?.apply()?;
    /// assert_eq!(breaker.stats().threshold, 9);
    ///
    /// let unknown = Config::from_toml("[circuit.apply_exampel]\nthreshold = 9")?;
    /// assert!(unknown.apply().is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn apply(&self) -> Result<(), RefusedConfig> {
        let title = self.title();
        self.put_in_force().inspect_err(|error| events::refused(title, error))?;
        events::applied(title, self.tables.count());
        Ok(())
    }

    pub(super) fn put_in_force(&self) -> Result<(), RefusedConfig> {
        apply::apply(&self.tables, self.source)
    }

    /// Returns the value of the field `source` in the events of [`apply`](Self::apply).
    fn title(&self) -> &str {
        match (self.source, &self.file) {
            (Source::Environment, _) => "environment",
            (_, Some(file)) => file,
            (_, None) => "config",
        }
    }
}

/// Returns a `Config` without settings. A struct field of the type `Config` with `#[serde(default)]` gets this value if
/// the input does not contain the field.
impl Default for Config {
    fn default() -> Self {
        Self::NONE
    }
}
