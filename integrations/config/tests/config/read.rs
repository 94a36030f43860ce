//! Reads the settings of a program with the crate `config`, and with the crate `figment`.

use std::error::Error;

use config::{Environment, File};
use figment::providers::{Env, Format, Toml};
use figment::{Figment, Jail};
use resilience_runtime::{Config, reset_configuration};
use serde::Deserialize;

#[derive(Deserialize)]
struct Settings {
    port: u16,
    #[serde(default)]
    resilience: Config,
}

/// The value of the setting `port`. The file of each test contains this setting in addition to the settings of the
/// layers.
const PORT: u16 = 8080;

type Outcome = Result<(), Box<dyn Error>>;

// The guide on configuration contains the lines of the following two functions, without the checks of the port.

fn with_config() -> Outcome {
    let settings: Settings = config::Config::builder()
        .add_source(File::with_name("settings"))
        .add_source(Environment::with_prefix("APP").separator("__"))
        .build()?
        .try_deserialize()?;
    settings.resilience.apply()?;
    assert_eq!(settings.port, PORT);
    Ok(())
}

fn with_figment() -> Outcome {
    let settings: Settings =
        Figment::new().merge(Toml::file("settings.toml")).merge(Env::prefixed("APP__").split("__")).extract()?;
    settings.resilience.apply()?;
    assert_eq!(settings.port, PORT);
    Ok(())
}

/// Reads and applies settings twice: with the crate `config`, and with the crate `figment`. The settings come from a
/// file with the text `file`, and from the environment variables `variables`. After each of the two crates, this
/// function calls `check` with the name of the crate. If the crate or the library refuses the settings, `check` also
/// receives the text of the error.
#[expect(clippy::result_large_err, reason = "the crate figment requires this type of the closure")]
pub(crate) fn read(file: &str, variables: &[(&str, &str)], check: impl Fn(&str, Result<(), String>)) {
    // Uses a `Jail` to run one test at a time, because all tests share the environment variables of the process.
    Jail::expect_with(|jail| {
        jail.clear_env();
        jail.create_file("settings.toml", &format!("port = {PORT}\n{file}"))?;
        for (name, value) in variables {
            jail.set_env(name, value);
        }
        for (name, read) in [("config", with_config as fn() -> Outcome), ("figment", with_figment)] {
            reset_configuration();
            check(name, read().map_err(|error| error.to_string()));
        }
        Ok(())
    });
}
