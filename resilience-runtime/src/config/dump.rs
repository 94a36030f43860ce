//! Writes the settings in force as a text in the format TOML.

use std::fmt::Write;
use std::time::Duration;

use crate::base::config_error::Value;
use crate::bulkhead::bulkhead::Bulkhead;
use crate::config::target::{Bulkheads, Circuits, Hedges, RateLimits, Retries, Target, Timeouts};
use crate::hedge::hedge::Hedge;
use crate::rate_limit::rate_limit::RateLimit;
use crate::registry::configured::setting;
use crate::registry::in_force::{self, InForce, OfCircuits};
use crate::registry::keyed_limits::{KeyedBulkheads, KeyedRateLimits};
use crate::registry::layers::Listed;
use crate::retry::layer::Retry;
use crate::timeout::timeout::Timeout;

/// Returns the settings in force as a text in the format TOML, with the origin of each setting in a comment.
///
/// The text contains each layer that [`get_stats`](crate::get_stats) lists, except fallbacks. An option that is not set
/// has its default, and is not in the text. The function [`Config::from_toml`](crate::Config::from_toml) can read the
/// text. An option that a file cannot set, such as the percentile of a hedge, is in a comment.
///
/// If attributes use a name both with and without the option `key`, the text contains one section for both layers. A
/// later [`apply`](crate::Config::apply) of the text sets the options in this section for both layers. If the options
/// cannot be combined, `apply` refuses the text.
///
/// The origin has one of the following forms:
///
/// - `src/search.rs:12`: an attribute or a builder in the source.
/// - `preset`: a [preset](crate::presets).
/// - `configured at src/admin.rs:8`: a call of [`configure`](fn@crate::configure).
/// - `resilience.toml:3`: a line of a file.
/// - `line 3`: a line of a text that does not come from a file.
/// - `RESILIENCE__RETRY__MAIL__MAX`: an environment variable.
/// - `deserialized`: a [`Config`](crate::Config) that `serde` has deserialized.
///
/// # Examples
///
/// ```
/// use resilience_runtime::{Config, circuit, dump_config};
///
/// #[circuit(name = "dumped", threshold = 3, cooldown = 0.25)]
/// async fn ask() -> std::io::Result<()> {
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # if cfg!(not(feature = "declare")) { ask().await? }
/// Config::from_toml("[circuit.dumped]\nthreshold = 5")?.apply()?;
/// let text = dump_config();
/// assert!(text.contains("[circuit.dumped]\nthreshold = 5 # line 2\ncooldown = \"250ms\" # "), "{text}");
/// Config::from_toml(&text)?;
/// # Ok(())
/// # }
/// ```
pub fn dump_config() -> String {
    let mut text = "# The settings in force. The comment of a setting contains its origin.\n".to_owned();
    for OfCircuits { name, circuit, family } in in_force::circuits() {
        section::<Circuits>(&mut text, &name, &[circuit, family]);
    }
    layers::<Retries>(&mut text, &[Retry::layers().in_force()]);
    layers::<Timeouts>(&mut text, &[Timeout::layers().in_force()]);
    layers::<Bulkheads>(&mut text, &[Bulkhead::layers().in_force(), KeyedBulkheads::layers().in_force()]);
    layers::<RateLimits>(&mut text, &[RateLimit::layers().in_force(), KeyedRateLimits::layers().in_force()]);
    layers::<Hedges>(&mut text, &[Hedge::layers().in_force()]);
    text
}

/// Writes the sections of one kind of layer, such as `[retry.mail]` for a retry. A layer without keys and a layer with
/// keys share one section if both have the same name.
fn layers<T: Target>(text: &mut String, kinds: &[Vec<(String, Vec<InForce>)>]) {
    let mut names: Vec<_> = kinds.iter().flatten().map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        let of_kind = |kind: &Vec<(String, Vec<InForce>)>| {
            kind.iter().find(|(known, _)| known == name).map(|(_, options)| options.clone())
        };
        section::<T>(text, name, &kinds.iter().map(of_kind).collect::<Vec<_>>());
    }
}

/// Writes the section of the layers with the name `name`. If the layer without keys and the layer with keys differ
/// in an option, the value of the layer with keys is in a comment.
fn section<T: Target>(text: &mut String, name: &str, kinds: &[Option<Vec<InForce>>]) {
    // Ignores the result, because writing to a `String` cannot fail.
    let _ = writeln!(text, "\n[{}.{}]", T::TABLE, key(name));
    let mut seen = Vec::new();
    for InForce { option, value, origin } in kinds.iter().flatten().flatten() {
        let option = setting(option);
        if seen.contains(&(option, *value)) {
            continue;
        }
        let is_twice = seen.iter().any(|(known, _)| *known == option);
        let is_setting = T::NAMES.contains(&option) && !matches!(value, Value::Percentile(_));
        seen.push((option, *value));
        let comment = if is_twice || !is_setting { "# " } else { "" };
        let _ = writeln!(text, "{comment}{option} = {} # {origin}", toml(*value));
    }
}

/// Returns a name as a key in the format TOML, in quotation marks if necessary.
fn key(name: &str) -> String {
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(is_bare) {
        return name.to_owned();
    }
    let mut key = String::from('"');
    for c in name.chars() {
        match c {
            '"' | '\\' => key.extend(['\\', c]),
            c if c.is_control() => {
                let _ = write!(key, "\\u{:04X}", u32::from(c));
            }
            c => key.push(c),
        }
    }
    key.push('"');
    key
}

/// Returns a value in the format TOML.
fn toml(value: Value) -> String {
    match value {
        Value::Time(time) => format!("\"{}\"", exact(time)),
        // The format `{:?}` adds a decimal point, without which TOML would read an integer.
        Value::Number(number) => format!("{number:?}"),
        other => other.to_string(),
    }
}

/// Returns a time as a whole number in the largest possible unit: s, ms, us or ns.
fn exact(time: Duration) -> String {
    let nanos = time.subsec_nanos();
    match () {
        () if nanos == 0 => format!("{}s", time.as_secs()),
        () if nanos % 1_000_000 == 0 => format!("{}ms", time.as_millis()),
        () if nanos % 1_000 == 0 => format!("{}us", time.as_micros()),
        () => format!("{}ns", time.as_nanos()),
    }
}
